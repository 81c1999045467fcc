//! The same two plugins in several languages (guest-sdk/languages): what comes
//! of a request is the same whatever language answers it, errors included.
//!
//! Those that guest-sdk/languages/build.sh built are tested; the variable
//! COFFERDAM_TESTS_LANGUAGES names those that have to be.

#![allow(clippy::unwrap_used, clippy::panic)]

mod list_ipam;
mod mtu_cap;
mod workplace;

use cofferdam_tests::needs_kernel;
use workplace::{Language, Workplace};

fn behaves(language: &str) {
    needs_kernel!();
    let language = Language::new(language);
    if !language.is_built() {
        return language.skip();
    }
    let workplace = Workplace::new(&language);
    mtu_cap::an_mtu_above_the_maximum_is_lowered_and_goes_back(&workplace);
    mtu_cap::an_mtu_below_the_maximum_stays(&workplace);
    mtu_cap::check_tells_when_somebody_raised_it(&workplace);
    mtu_cap::a_denial_of_the_host_comes_out_whole(&workplace);
    mtu_cap::a_configuration_without_sense_is_refused_by_name(&workplace);
    list_ipam::addresses_are_given_out_in_order_and_again_when_free(&workplace);
    list_ipam::a_main_plugin_delegates_to_it(&workplace);
    list_ipam::check_and_status_tell_what_is_missing(&workplace);
    list_ipam::gc_gives_up_what_is_no_longer_valid(&workplace);
    list_ipam::a_configuration_without_sense_is_refused_by_name(&workplace);
}

#[test]
fn plugins_in_rust() {
    behaves("rust");
}

#[test]
fn plugins_in_c() {
    behaves("c");
}

#[test]
fn plugins_in_go() {
    behaves("go");
}

#[test]
fn plugins_in_javascript() {
    behaves("javascript");
}

#[test]
fn plugins_in_python() {
    behaves("python");
}
