// The plugin mtu-cap: lowers the MTU of the container's interface, which
// another plugin of the list made, to a maximum.

import { container } from 'cofferdam:cni/namespaces@0.1.1';
import { find } from 'cofferdam:cni/links@0.1.1';
import { answering, codes, failure, parseConfig } from '../sdk/cofferdam.js';
import '../sdk/namespace.js';

function maximum(request) {
    const { maxMtu } = parseConfig(request.config);
    if (maxMtu === undefined || maxMtu === null) {
        throw failure(codes.invalidConfig, 'maxMtu is missing: the largest MTU, in bytes');
    }
    if (!Number.isInteger(maxMtu)) {
        throw failure(codes.undecodable, `maxMtu is ${JSON.stringify(maxMtu)}, which is no whole number`);
    }
    if (maxMtu < 68 || maxMtu > 65535) {
        throw failure(codes.invalidConfig, `maxMtu is ${maxMtu}, which is not from 68 to 65535`);
    }
    return maxMtu;
}

function add(request) {
    const most = maximum(request);
    const result = request.previous;
    if (result === undefined) {
        throw failure(codes.invalidConfig, 'Required prevResult missing');
    }
    const link = find(container(), request.interfaceName);
    if (link.info().mtu > most) {
        link.setMtu(most);
        tell(result, request.interfaceName, most);
    }
    return result;
}

/** What the result tells of the interface is as it is by now. */
function tell(result, name, mtu) {
    for (const one of result.interfaces) {
        if (one.place.tag === 'container' && one.name === name && one.mtu !== undefined) {
            one.mtu = mtu;
        }
    }
}

function check(request) {
    const most = maximum(request);
    const { mtu } = find(container(), request.interfaceName).info();
    if (mtu > most) {
        const name = JSON.stringify(request.interfaceName);
        throw failure(codes.changed, `the MTU of ${name} is ${mtu}, more than maxMtu ${most}`);
    }
}

export const plugin = {
    add: answering(add),
    // The host puts the MTU back.
    del() {},
    check: answering(check),
    gc() {},
    status() {},
};
