// What the plugins have in common: failures with the codes of the guest SDK
// for Rust (guest-sdk/src/codes.rs), so that one means the same whatever
// language a plugin is written in.

export const codes = {
    undecodable: 6,
    invalidConfig: 7,
    tryAgainLater: 11,
    notAvailable: 50,
    changed: 107,
    internal: 999,
};

const codeOfError = {
    denied: 100,
    'not-found': 101,
    'already-exists': 102,
    invalid: 103,
    unsupported: 104,
    conflict: 105,
    quota: 106,
    busy: 11,
    deadline: 11,
    os: codes.internal,
};

/** What an exported function throws to answer with a failure: its `payload` is what the runtime will see. */
class PluginFailure extends Error {
    constructor(code, message, details) {
        super(message);
        this.payload = { code, message, details };
    }
}

export function failure(code, message, details) {
    return new PluginFailure(code, message, details);
}

/** Whether an imported function threw this error of the host: `isError(e, 'not-found')`. */
export function isError(thrown, tag) {
    return thrown?.payload?.tag === tag;
}

/**
 * The exported function for one that throws failures, errors of the host, or
 * whatever a mistake of its own leads to: all of them come out as failures.
 */
export function answering(verb) {
    return (request) => {
        try {
            return verb(request);
        } catch (thrown) {
            throw toFailure(thrown);
        }
    };
}

function toFailure(thrown) {
    // Of this plugin, or of one that it had run.
    if (thrown instanceof PluginFailure || typeof thrown?.payload?.code === 'number') {
        return thrown;
    }
    const code = codeOfError[thrown?.payload?.tag];
    if (code === undefined) {
        return failure(codes.internal, String(thrown));
    }
    const { tag, val } = thrown.payload;
    switch (tag) {
        case 'denied':
            return failure(code, `${val.operation} is not granted for ${val.target}`, `missing grant: ${val.missing}`);
        case 'os':
            return failure(code, val.context, `errno ${val.errno}`);
        default:
            return failure(code, val);
    }
}

/** The configuration: one JSON object. */
export function parseConfig(text) {
    try {
        return JSON.parse(text);
    } catch (error) {
        throw failure(codes.undecodable, `failed to load configuration: ${error.message}`);
    }
}
