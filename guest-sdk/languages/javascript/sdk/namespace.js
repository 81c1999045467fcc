// componentize-js 0.23 makes no class for a resource without methods, and then
// fails to hand one out: "import_namespaces_0_1_1$Namespace is not defined".
// The bindings have a global scope of their own; a function of theirs leads
// there.

import { container } from 'cofferdam:cni/namespaces@0.1.1';

container.constructor('globalThis.import_namespaces_0_1_1$Namespace ??= class Namespace {};')();
