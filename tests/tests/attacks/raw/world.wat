;; The types of wit/types.wit and wit/plugin.wit that a plugin's functions
;; have. A function can only be exported with types that have names.
(type $ip-address-shape (variant
  (case "ipv4" (tuple u8 u8 u8 u8))
  (case "ipv6" (tuple u16 u16 u16 u16 u16 u16 u16 u16))))
(export $ip-address "ip-address" (type $ip-address-shape))
(type $ip-prefix-shape (record (field "address" $ip-address) (field "length" u8)))
(export $ip-prefix "ip-prefix" (type $ip-prefix-shape))
(type $place-shape (variant (case "host") (case "container") (case "elsewhere" string)))
(export $place "place" (type $place-shape))
(type $interface-shape (record
  (field "name" string) (field "mac" (option string)) (field "mtu" (option u32)) (field "place" $place)
  (field "socket-path" (option string)) (field "pci-id" (option string))))
(export $interface "interface" (type $interface-shape))
(type $address-shape (record
  (field "address" $ip-prefix) (field "gateway" (option $ip-address)) (field "interface" (option u32))))
(export $address "address" (type $address-shape))
(type $route-shape (record
  (field "destination" $ip-prefix) (field "gateway" (option $ip-address)) (field "mtu" (option u32))
  (field "advmss" (option u32)) (field "priority" (option u32)) (field "table" (option u32))
  (field "scope" (option u8))))
(export $route "route" (type $route-shape))
(type $dns-shape (record
  (field "nameservers" (list string)) (field "domain" (option string))
  (field "search" (list string)) (field "options" (list string))))
(export $dns "dns" (type $dns-shape))
(type $attachment-shape (record
  (field "interfaces" (list $interface)) (field "addresses" (list $address))
  (field "routes" (list $route)) (field "dns" $dns)))
(export $attachment "attachment" (type $attachment-shape))
(type $failure-shape (record (field "code" u32) (field "message" string) (field "details" (option string))))
(export $failure "failure" (type $failure-shape))

(type $argument-shape (record (field "key" string) (field "value" (option string))))
(export $argument "argument" (type $argument-shape))
(type $request-shape (record
  (field "container-id" string) (field "interface-name" string) (field "network" string)
  (field "args" (list $argument)) (field "config" string) (field "runtime-config" (option string))
  (field "previous" (option $attachment)) (field "namespace-exists" bool)))
(export $request "request" (type $request-shape))
(type $attachment-id-shape (record (field "container-id" string) (field "interface-name" string)))
(export $attachment-id "attachment-id" (type $attachment-id-shape))
(type $network-request-shape (record
  (field "network" string) (field "config" string) (field "valid-attachments" (list $attachment-id))))
(export $network-request "network-request" (type $network-request-shape))

;; What is imported: a little of everything that can go wrong.
(import "cofferdam:cni/types@0.1.0" (instance $types
  (type $denial-shape (record (field "operation" string) (field "target" string) (field "missing" string)))
  (export "denial" (type $denial (eq $denial-shape)))
  (type $os-error-shape (record (field "errno" u32) (field "context" string)))
  (export "os-error" (type $os-error (eq $os-error-shape)))
  (type $error-shape (variant
    (case "denied" $denial) (case "not-found" string) (case "already-exists" string) (case "invalid" string)
    (case "conflict" string) (case "busy" string) (case "quota" string) (case "deadline" string)
    (case "unsupported" string) (case "os" $os-error)))
  (export "error" (type $error (eq $error-shape)))))
(alias export $types "error" (type $error))
(import "cofferdam:cni/log@0.1.0" (instance $log
  (type $level-shape (enum "debug" "info" "warn" "error"))
  (export "level" (type $level (eq $level-shape)))
  (export "write" (func (param "level" $level) (param "message" string)))))
(import "cofferdam:cni/namespaces@0.1.0" (instance $namespaces
  (alias outer 1 $error (type $error-outside))
  (export "error" (type $error (eq $error-outside)))
  (export "namespace" (type $namespace (sub resource)))
  (export "container" (func (result (result (own $namespace) (error $error)))))
  (export "host" (func (result (result (own $namespace) (error $error)))))))
(alias export $namespaces "namespace" (type $namespace))
(import "cofferdam:cni/sysctl@0.1.0" (instance $sysctl
  (alias outer 1 $error (type $error-outside))
  (export "error" (type $error (eq $error-outside)))
  (alias outer 1 $namespace (type $namespace-outside))
  (export "namespace" (type $namespace (eq $namespace-outside)))
  (export "get" (func (param "in" (borrow $namespace)) (param "key" (list string))
    (result (result string (error $error)))))
  (export "set" (func (param "in" (borrow $namespace)) (param "key" (list string)) (param "value" string)
    (result (result (error $error)))))))
(alias export $log "write" (func $log-write))
(alias export $namespaces "host" (func $host-namespace))
(alias export $namespaces "container" (func $container-namespace))
(alias export $sysctl "get" (func $sysctl-get))
(alias export $sysctl "set" (func $sysctl-set))
