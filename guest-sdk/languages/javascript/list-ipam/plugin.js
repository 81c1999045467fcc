// The plugin list-ipam: gives out the first free address of a list.

import { open } from 'cofferdam:cni/store@0.1.1';
import { answering, codes, failure, isError, parseConfig } from '../sdk/cofferdam.js';

const PREFIX = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\/(0|[1-9]\d?)$/;

function addresses(request) {
    const list = parseConfig(request.config).ipam?.addresses;
    if (!Array.isArray(list) || list.length === 0) {
        throw failure(codes.invalidConfig, 'ipam.addresses is missing or empty');
    }
    return list.map(parsePrefix);
}

function parsePrefix(text) {
    const parts = PREFIX.exec(text)?.slice(1).map(Number);
    if (!parts || parts[4] > 32 || parts.slice(0, 4).some((part) => part > 255)) {
        const problem = `${JSON.stringify(text)} is no IPv4 address with a prefix length, as 10.1.2.3/24`;
        throw failure(codes.invalidConfig, `ipam.addresses: ${problem}`);
    }
    const bytes = parts.slice(0, 4);
    return { name: bytes.join('.'), prefix: { address: { tag: 'ipv4', val: bytes }, length: parts[4] } };
}

/** The network's records; outside ADD there may be none. */
function openIfAny() {
    try {
        return open();
    } catch (thrown) {
        if (isError(thrown, 'not-found')) {
            return undefined;
        }
        throw thrown;
    }
}

function add(request) {
    const candidates = addresses(request);
    const records = open();
    const found = candidates.find(({ name }) => records.claim(name));
    if (!found) {
        throw failure(codes.tryAgainLater, `all addresses of network ${JSON.stringify(request.network)} are taken`);
    }
    const dns = { nameservers: [], domain: undefined, search: [], options: [] };
    const address = { address: found.prefix, gateway: undefined, interface: undefined };
    return { interfaces: [], addresses: [address], routes: [], dns };
}

function del() {
    const records = openIfAny();
    records?.owned().forEach((name) => records.release(name));
}

function check() {
    if (!openIfAny()?.owned().length) {
        throw failure(codes.changed, 'the attachment has no address on record');
    }
}

function gc({ validAttachments }) {
    const records = openIfAny();
    const isOf = (owner, valid) =>
        owner.containerId === valid.containerId &&
        (owner.interfaceName === undefined || owner.interfaceName === valid.interfaceName);
    for (const { name, owner } of records?.claims() ?? []) {
        if (!validAttachments.some((valid) => isOf(owner, valid))) {
            records.releaseStale(name);
        }
    }
}

function status(request) {
    const candidates = addresses(request);
    const records = openIfAny();
    if (records && candidates.every(({ name }) => records.owner(name) !== undefined)) {
        throw failure(codes.notAvailable, `all addresses of network ${JSON.stringify(request.network)} are taken`);
    }
}

export const plugin = {
    add: answering(add),
    del: answering(del),
    check: answering(check),
    gc: answering(gc),
    status: answering(status),
};
