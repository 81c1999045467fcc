// Package runtime is what the bindings need at run time: memory that the host
// writes into, and handles of the host's objects.
package runtime

import (
	"runtime"
	"unsafe"
)

// What the host wrote, until it was read.
var written runtime.Pinner

// Allocate gives memory that stays where it is until the pinner lets go of it.
func Allocate(pinner *runtime.Pinner, size, align uintptr) unsafe.Pointer {
	if size == 0 {
		// Never read; an address has to be aligned all the same.
		return unsafe.Pointer(align)
	}
	// Words are aligned for everything that the component model has.
	words := make([]uint64, (size+7)/8)
	pointer := unsafe.Pointer(unsafe.SliceData(words))
	pinner.Pin(pointer)
	return pointer
}

// Unpin lets go of what the host wrote; what Go refers to by then stays.
func Unpin() {
	written.Unpin()
}

//go:wasmexport cabi_realloc
func reallocate(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	pointer := Allocate(&written, uintptr(size), uintptr(align))
	if oldSize > 0 {
		copy(unsafe.Slice((*byte)(pointer), size), unsafe.Slice((*byte)(old), min(oldSize, size)))
	}
	return pointer
}

// A Handle is the number of a host's object, as long as it is ours.
type Handle struct {
	number int32
}

// MakeHandle makes one; numbers begin at one.
func MakeHandle(number int32) *Handle {
	return &Handle{number}
}

// Use is the number of a handle that stays ours.
func (handle *Handle) Use() int32 {
	if handle.number == 0 {
		panic("the handle was given away")
	}
	return handle.number
}

// Take is the number of a handle that is ours no more.
func (handle *Handle) Take() int32 {
	number := handle.Use()
	handle.number = 0
	return number
}

// TakeOrNil is the same, or zero when it was given away before.
func (handle *Handle) TakeOrNil() int32 {
	number := handle.number
	handle.number = 0
	return number
}

// Set makes a handle that was given away ours again.
func (handle *Handle) Set(number int32) {
	if handle.number != 0 {
		panic("the handle is ours already")
	}
	handle.number = number
}
