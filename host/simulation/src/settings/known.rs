//! The settings that are simulated, and what they are by themselves.

/// What can be written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// Any number of 32 bits.
    Any,
    /// A number in a range.
    Between(i64, i64),
    /// Nothing.
    Nothing,
}

use Takes::{Any, Between, Nothing};

/// A setting that is by itself the same everywhere.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) value: &'static str,
    pub(super) takes: Takes,
}

const fn known(name: &'static str, value: &'static str, takes: Takes) -> Known {
    Known { name, value, takes }
}

/// Below `net/ipv4/conf/*`.
pub(super) const IPV4: [Known; 30] = [
    known("accept_local", "0", Any),
    known("accept_redirects", "1", Any),
    known("accept_source_route", "1", Any),
    known("arp_accept", "0", Any),
    known("arp_announce", "0", Any),
    known("arp_evict_nocarrier", "1", Any),
    known("arp_filter", "0", Any),
    known("arp_ignore", "0", Any),
    known("arp_notify", "0", Any),
    known("bootp_relay", "0", Any),
    known("disable_policy", "0", Any),
    known("disable_xfrm", "0", Any),
    known("drop_gratuitous_arp", "0", Any),
    known("drop_unicast_in_l2_multicast", "0", Any),
    known("force_igmp_version", "0", Any),
    known("forwarding", "0", Any),
    known("ignore_routes_with_linkdown", "0", Any),
    known("log_martians", "0", Any),
    known("mc_forwarding", "0", Nothing),
    known("medium_id", "0", Any),
    known("promote_secondaries", "0", Any),
    known("proxy_arp", "0", Any),
    known("proxy_arp_pvlan", "0", Any),
    known("route_localnet", "0", Any),
    known("rp_filter", "0", Any),
    known("secure_redirects", "1", Any),
    known("send_redirects", "1", Any),
    known("shared_media", "1", Any),
    known("src_valid_mark", "0", Any),
    known("tag", "0", Any),
];

/// Below `net/ipv6/conf/*`.
pub(super) const IPV6: [Known; 28] = [
    known("accept_dad", "1", Any),
    known("accept_ra", "1", Any),
    known("accept_ra_defrtr", "1", Any),
    known("accept_ra_from_local", "0", Any),
    known("accept_ra_mtu", "1", Any),
    known("accept_ra_pinfo", "1", Any),
    known("accept_ra_rt_info_max_plen", "0", Any),
    known("accept_ra_rtr_pref", "1", Any),
    known("accept_redirects", "1", Any),
    known("accept_source_route", "0", Any),
    // No link gets addresses of its own here.
    known("addr_gen_mode", "1", Between(1, 1)),
    known("autoconf", "1", Any),
    known("dad_transmits", "1", Any),
    known("disable_ipv6", "0", Any),
    known("drop_unicast_in_l2_multicast", "0", Any),
    known("drop_unsolicited_na", "0", Any),
    known("enhanced_dad", "1", Any),
    known("force_tllao", "0", Any),
    known("forwarding", "0", Any),
    known("hop_limit", "64", Between(1, 255)),
    known("ignore_routes_with_linkdown", "0", Any),
    known("keep_addr_on_down", "0", Any),
    known("max_addresses", "16", Any),
    known("ndisc_notify", "0", Any),
    known("optimistic_dad", "0", Any),
    known("router_solicitations", "-1", Between(-1, 2_147_483_647)),
    known("use_oif_addrs_only", "0", Any),
    known("use_tempaddr", "0", Any),
];

/// What of these is otherwise for all links, by family (IPv6 or not).
pub(super) const OF_ALL: [(bool, &str, &str); 3] = [
    (false, "accept_redirects", "1"),
    (false, "accept_source_route", "0"),
    (true, "accept_dad", "0"),
];

/// The same of the loopback.
pub(super) const OF_LOOPBACK: [(bool, &str, &str); 4] = [
    (false, "disable_policy", "1"),
    (false, "disable_xfrm", "1"),
    (true, "accept_dad", "-1"),
    (true, "use_tempaddr", "-1"),
];

/// Those of the namespace as a whole, below `net`.
pub(super) const PLAIN: [Known; 20] = [
    known("bridge/bridge-nf-call-arptables", "1", Any),
    known("bridge/bridge-nf-call-ip6tables", "1", Any),
    known("bridge/bridge-nf-call-iptables", "1", Any),
    known("core/somaxconn", "4096", Between(0, 2_147_483_647)),
    known("ipv4/icmp_echo_ignore_all", "0", Between(0, 1)),
    known("ipv4/icmp_echo_ignore_broadcasts", "1", Between(0, 1)),
    known("ipv4/ip_default_ttl", "64", Between(1, 255)),
    known("ipv4/ip_nonlocal_bind", "0", Between(0, 255)),
    known("ipv4/ip_unprivileged_port_start", "1024", Between(0, 65_535)),
    known("ipv4/tcp_keepalive_intvl", "75", Between(0, 32_767)),
    known("ipv4/tcp_keepalive_probes", "9", Between(0, 255)),
    known("ipv4/tcp_keepalive_time", "7200", Between(0, 32_767)),
    known("ipv4/tcp_max_syn_backlog", "2048", Any),
    known("ipv4/tcp_mtu_probing", "0", Between(0, 255)),
    known("ipv4/tcp_sack", "1", Between(0, 255)),
    known("ipv4/tcp_syncookies", "1", Between(0, 255)),
    known("ipv4/tcp_timestamps", "1", Between(0, 255)),
    known("ipv4/tcp_tw_reuse", "2", Between(0, 2)),
    known("ipv6/bindv6only", "0", Between(0, 255)),
    known("unix/max_dgram_qlen", "10", Any),
];
