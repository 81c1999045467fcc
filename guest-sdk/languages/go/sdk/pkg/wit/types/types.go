// Package types has the types of the component model that Go lacks.
package types

// Unit is the type of a result without a value.
type Unit struct{}

// Whether an Option has a value.
const (
	OptionNone uint8 = iota
	OptionSome
)

// An Option has a value or has none.
type Option[T any] struct {
	tag   uint8
	value T
}

// None has no value.
func None[T any]() Option[T] {
	return Option[T]{}
}

// Some has a value.
func Some[T any](value T) Option[T] {
	return Option[T]{OptionSome, value}
}

// Tag is OptionNone or OptionSome.
func (option Option[T]) Tag() uint8 {
	return option.tag
}

// IsSome tells whether there is a value.
func (option Option[T]) IsSome() bool {
	return option.tag == OptionSome
}

// Some is the value; there has to be one.
func (option Option[T]) Some() T {
	if option.tag != OptionSome {
		panic("the option has no value")
	}
	return option.value
}

// What a Result has.
const (
	ResultOk uint8 = iota
	ResultErr
)

// A Result is a value or an error.
type Result[T, E any] struct {
	tag   uint8
	value T
	err   E
}

// Ok is a success.
func Ok[T, E any](value T) Result[T, E] {
	return Result[T, E]{tag: ResultOk, value: value}
}

// Err is a failure.
func Err[T, E any](err E) Result[T, E] {
	return Result[T, E]{tag: ResultErr, err: err}
}

// Tag is ResultOk or ResultErr.
func (result Result[T, E]) Tag() uint8 {
	return result.tag
}

// IsErr tells whether it is a failure.
func (result Result[T, E]) IsErr() bool {
	return result.tag == ResultErr
}

// Ok is the value of a success.
func (result Result[T, E]) Ok() T {
	if result.tag != ResultOk {
		panic("the result is an error")
	}
	return result.value
}

// Err is the error of a failure.
func (result Result[T, E]) Err() E {
	if result.tag != ResultErr {
		panic("the result is no error")
	}
	return result.err
}

// Tuples that occur in the contract.
type (
	Tuple2[A, B any] struct {
		F0 A
		F1 B
	}
	Tuple4[A, B, C, D any] struct {
		F0 A
		F1 B
		F2 C
		F3 D
	}
	Tuple6[A, B, C, D, E, F any] struct {
		F0 A
		F1 B
		F2 C
		F3 D
		F4 E
		F5 F
	}
	Tuple8[A, B, C, D, E, F, G, H any] struct {
		F0 A
		F1 B
		F2 C
		F3 D
		F4 E
		F5 F
		F6 G
		F7 H
	}
)
