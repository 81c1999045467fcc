use cofferdam_network::{
    Error, Network,
    nftables::{Family, Table, TableId},
};
use cofferdam_protocol::Place;

use crate::fixture::{in_new_namespaces, skipped};

#[test]
fn a_table_is_made_in_the_namespace_that_was_named() {
    for place in [Place::Host, Place::Container] {
        in_new_namespaces(move |kernel| {
            let id = TableId {
                family: Family::Inet,
                name: "cofferdam_test".to_owned(),
            };
            let table = Table {
                id: id.clone(),
                sets: Vec::new(),
                chains: Vec::new(),
            };
            match kernel.create_table(place, &table) {
                Err(Error::Unsupported(why)) => {
                    skipped(format_args!("{why}"));
                    return;
                }
                made => made.unwrap(),
            }
            for other in [Place::Host, Place::Container] {
                assert_eq!(kernel.has_table(other, &id).unwrap(), other == place);
            }
            kernel.delete_table(place, &id).unwrap();
            assert!(!kernel.has_table(place, &id).unwrap());
        });
    }
}
