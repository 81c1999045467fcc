"""What the plugins have in common: failures with the codes of the guest SDK
for Rust (guest-sdk/src/codes.rs), so that one means the same whatever language
a plugin is written in."""

import functools
import json

from componentize_py_types import Err
from wit_world.imports import types

UNDECODABLE = 6
INVALID_CONFIG = 7
TRY_AGAIN_LATER = 11
NOT_AVAILABLE = 50
CHANGED = 107
INTERNAL = 999

CODES = {
    types.Error_Denied: 100,
    types.Error_NotFound: 101,
    types.Error_AlreadyExists: 102,
    types.Error_Invalid: 103,
    types.Error_Unsupported: 104,
    types.Error_Conflict: 105,
    types.Error_Quota: 106,
    types.Error_Busy: 11,
    types.Error_Deadline: 11,
    types.Error_Os: INTERNAL,
}


def failure(code, message, details=None):
    """What an exported function raises to answer with a failure."""
    return Err(types.Failure(code, message, details))


def answering(verb):
    """The exported function for one that raises failures, errors of the host,
    or whatever a mistake of its own leads to: all of them come out as
    failures."""

    @functools.wraps(verb)
    def answer(self, request):
        try:
            return verb(self, request)
        except Err as raised:
            raise to_failure(raised.value) from None
        except Exception as raised:
            raise failure(INTERNAL, f"{type(raised).__name__}: {raised}") from None

    return answer


def to_failure(value):
    if isinstance(value, types.Failure):
        return Err(value)
    code = CODES[type(value)]
    match value:
        case types.Error_Denied(denial):
            message = f"{denial.operation} is not granted for {denial.target}"
            return failure(code, message, f"missing grant: {denial.missing}")
        case types.Error_Os(refusal):
            return failure(code, refusal.context, f"errno {refusal.errno}")
        case other:
            return failure(code, other.value)


def parse_config(text):
    """The configuration: one JSON object."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise failure(UNDECODABLE, f"failed to load configuration: {error}") from None


def quoted(text):
    return json.dumps(text)
