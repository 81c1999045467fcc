// The plugin veth-pair: gives a container an interface that leads to the node: one
// end of a veth pair, with the addresses that an address management plugin
// hands out.

import { container, host } from 'cofferdam:cni/namespaces@0.1.1';
import { createVeth, find } from 'cofferdam:cni/links@0.1.1';
import * as addresses from 'cofferdam:cni/addresses@0.1.1';
import * as routes from 'cofferdam:cni/routes@0.1.1';
import * as ipam from 'cofferdam:cni/ipam@0.1.1';
import { answering, codes, failure, isError, parseConfig } from '../sdk/cofferdam.js';
import '../sdk/namespace.js';

/** What the kernel calls a pair. */
const KIND = 'veth';
/** Position of the container's end in the result. */
const CONTAINER_END = 1;
/** Scopes of routes that have no gateway (rtnetlink(7)): link, host. */
const LOCAL_SCOPES = [253, 254];

function readConfig(text) {
    const { mtu, ipam: section } = parseConfig(text);
    const given = mtu ?? undefined;
    if (given !== undefined && !(Number.isInteger(given) && given >= 0 && given < 2 ** 32)) {
        throw failure(codes.undecodable, `mtu: ${JSON.stringify(given)} is no number of bytes`);
    }
    // Without an MTU it is the kernel's choice.
    return { mtu: given, usesIpam: Boolean(section?.type) };
}

/** The configuration; an interface without an address is of no use here. */
function validConfig(text) {
    const config = readConfig(text);
    if (!config.usesIpam) {
        const problem = 'it is missing; name the plugin that hands out addresses, such as "host-local"';
        throw failure(codes.invalidConfig, `ipam.type: ${problem}`);
    }
    return config;
}

// Whatever fails, the host undoes what was done before.
function add(request) {
    const [outside, inside] = connect(request, validConfig(request.config));
    const interfaces = [describe(outside, { tag: 'host' }), describe(inside, { tag: 'container' })];
    const given = ipam.add();
    if (given.addresses.length === 0) {
        throw failure(codes.internal, 'IPAM plugin returned missing IP config');
    }
    for (const address of given.addresses) {
        address.interface = CONTAINER_END;
    }
    leadToContainer(outside, given);
    configure(inside, given);
    return { ...given, interfaces };
}

/** The pair: the host's end, whose name Cofferdam chooses, and the container's. */
function connect(request, { mtu }) {
    const end = { mac: undefined, master: undefined, mtu };
    const [outside, inside] = createVeth(
        { ...end, in: host(), name: undefined },
        { ...end, in: container(), name: request.interfaceName },
    );
    outside.setUp();
    return [outside, inside];
}

/** What the result tells of an interface. */
function describe(link, place) {
    const { name, mac } = link.info();
    const text = mac?.map((part) => part.toString(16).padStart(2, '0')).join(':');
    return { name, mac: text, mtu: undefined, place, socketPath: undefined, pciId: undefined };
}

/** Gives the host's end the gateways' addresses, and the node a route to each address of the container. */
function leadToContainer(link, given) {
    for (const { address, gateway } of given.addresses) {
        if (gateway !== undefined) {
            // Two addresses may have one gateway.
            unlessExists(() => addAddress(link, alone(gateway)));
        }
        routes.add(link, { destination: alone(address.address) }, 'exclusive');
    }
}

/** Puts the addresses and then the routes on the container's end, which is up afterwards. */
function configure(link, given) {
    for (const { address } of given.addresses) {
        addAddress(link, address);
    }
    link.setUp();
    for (const route of given.routes) {
        // The very same route twice is one route.
        unlessExists(() => routes.add(link, { ...route, gateway: gatewayOf(route, given.addresses) }, 'append'));
    }
}

/** A route that names none goes through the first gateway of its family, unless its scope says that it is on the link. */
function gatewayOf({ destination, gateway, scope }, given) {
    if (gateway !== undefined || LOCAL_SCOPES.includes(scope)) {
        return gateway;
    }
    return given.find((address) => address.gateway?.tag === destination.address.tag)?.gateway;
}

function addAddress(link, address) {
    // The node hands out the addresses on both ends.
    addresses.add(link, address, { skipDuplicateDetection: true });
}

/** The address without its network. */
function alone(address) {
    return { address, length: address.tag === 'ipv4' ? 32 : 128 };
}

function unlessExists(act) {
    try {
        act();
    } catch (thrown) {
        if (!isError(thrown, 'already-exists')) {
            throw thrown;
        }
    }
}

// The host removes the pair; the addresses are given back.
function del({ config }) {
    if (readConfig(config).usesIpam) {
        ipam.del();
    }
}

function check({ interfaceName, previous }) {
    ipam.check();
    if (previous === undefined) {
        throw failure(codes.invalidConfig, 'Required prevResult missing');
    }
    const name = JSON.stringify(interfaceName);
    const link = findInContainer(interfaceName);
    const { kind, up } = link.info();
    if (kind !== KIND || !up) {
        throw failure(codes.changed, `interface ${name} is down, or no ${KIND} any more`);
    }
    const present = addresses.list(link).map(({ address }) => shown(address));
    for (const { address, interface: position } of previous.addresses) {
        const text = shown(address);
        if ((position === undefined || position === CONTAINER_END) && !present.includes(text)) {
            throw failure(codes.changed, `interface ${name} has lost its address ${text}`);
        }
    }
}

function findInContainer(name) {
    try {
        return find(container(), name);
    } catch (thrown) {
        if (isError(thrown, 'not-found')) {
            throw failure(codes.changed, `interface ${JSON.stringify(name)} is gone`);
        }
        throw thrown;
    }
}

function shown({ address: { tag, val }, length }) {
    const text = tag === 'ipv4' ? val.join('.') : val.map((part) => part.toString(16)).join(':');
    return `${text}/${length}`;
}

function gc({ config }) {
    if (readConfig(config).usesIpam) {
        ipam.gc();
    }
}

function status({ config }) {
    validConfig(config);
    ipam.status();
}

export const plugin = {
    add: answering(add),
    del: answering(del),
    check: answering(check),
    gc: answering(gc),
    status: answering(status),
};
