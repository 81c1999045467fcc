// What the bindings of `wit-bindgen go` import. The module of that name is to
// be had from the Go module proxy only; this one has the part of it that
// synchronous plugins need.
module go.bytecodealliance.org/pkg

go 1.25
