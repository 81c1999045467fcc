// Package cofferdam has what the plugins have in common: failures with the
// codes of the guest SDK for Rust (guest-sdk/src/codes.rs), so that one means
// the same whatever language a plugin is written in.
package cofferdam

import (
	"encoding/json"
	"errors"
	"fmt"

	. "go.bytecodealliance.org/pkg/wit/types"
	types "wit_component/cofferdam_cni_types"
)

const (
	Undecodable   = 6
	InvalidConfig = 7
	TryAgainLater = 11
	NotAvailable  = 50
	Changed       = 107
	Internal      = 999
)

// A Failure is what the runtime will see.
type Failure types.Failure

func (failure Failure) Error() string {
	return failure.Message
}

// Fail makes a failure, with its message as fmt.Sprintf does.
func Fail(code uint32, format string, arguments ...any) error {
	return Failure{Code: code, Message: fmt.Sprintf(format, arguments...), Details: None[string]()}
}

// A Refusal is what the host did not do.
type Refusal struct {
	Reason types.Error
}

func (refusal Refusal) Error() string {
	return refusal.failure().Message
}

func (refusal Refusal) failure() Failure {
	reason := refusal.Reason
	code, message, details := uint32(Internal), "", None[string]()
	switch reason.Tag() {
	case types.ErrorDenied:
		denial := reason.Denied()
		code, message = 100, fmt.Sprintf("%s is not granted for %s", denial.Operation, denial.Target)
		details = Some("missing grant: " + denial.Missing)
	case types.ErrorNotFound:
		code, message = 101, reason.NotFound()
	case types.ErrorAlreadyExists:
		code, message = 102, reason.AlreadyExists()
	case types.ErrorInvalid:
		code, message = 103, reason.Invalid()
	case types.ErrorUnsupported:
		code, message = 104, reason.Unsupported()
	case types.ErrorConflict:
		code, message = 105, reason.Conflict()
	case types.ErrorQuota:
		code, message = 106, reason.Quota()
	case types.ErrorBusy:
		code, message = TryAgainLater, reason.Busy()
	case types.ErrorDeadline:
		code, message = TryAgainLater, reason.Deadline()
	case types.ErrorOs:
		message = reason.Os().Context
		details = Some(fmt.Sprintf("errno %d", reason.Os().Errno))
	}
	return Failure{Code: code, Message: message, Details: details}
}

// IsNotFound tells whether the host has no such thing.
func IsNotFound(err error) bool {
	return isRefusal(err, types.ErrorNotFound)
}

// IsAlreadyExists tells whether there is such a thing already.
func IsAlreadyExists(err error) bool {
	return isRefusal(err, types.ErrorAlreadyExists)
}

func isRefusal(err error, tag uint8) bool {
	var refusal Refusal
	return errors.As(err, &refusal) && refusal.Reason.Tag() == tag
}

// Try makes of the host's answer what Go has in its place.
func Try[T any](answer Result[T, types.Error]) (T, error) {
	if answer.IsErr() {
		var none T
		return none, Refusal{answer.Err()}
	}
	return answer.Ok(), nil
}

// Through does the same with the answer of a plugin that this one had run: its
// failure comes out as it is.
func Through[T any](answer Result[T, types.Failure]) (T, error) {
	if answer.IsErr() {
		var none T
		return none, Failure(answer.Err())
	}
	return answer.Ok(), nil
}

// Answer makes of a function's outcome what it is exported with.
func Answer[T any](value T, err error) Result[T, types.Failure] {
	if err == nil {
		return Ok[T, types.Failure](value)
	}
	var failure Failure
	var refusal Refusal
	switch {
	case errors.As(err, &refusal):
		failure = refusal.failure()
	case !errors.As(err, &failure):
		failure = Failure{Code: Internal, Message: err.Error(), Details: None[string]()}
	}
	return Err[T](types.Failure(failure))
}

// Done is the same for a function without a value.
func Done(err error) Result[Unit, types.Failure] {
	return Answer(Unit{}, err)
}

// ParseConfig decodes the configuration.
func ParseConfig(text string, into any) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return Fail(Undecodable, "failed to load configuration: %v", err)
	}
	return nil
}
