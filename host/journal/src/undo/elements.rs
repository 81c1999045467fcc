use cofferdam_network::{
    Error,
    nftables::{Element, Set, TableId},
};
use cofferdam_protocol::Place;

use super::{Undo, UndoError, UndoOutcome, Undone, deleted, put_back};
use crate::model::{Inverse, element_text};

/// A set, and the comment that marks the attachment's elements in it.
struct Target<'a> {
    place: Place,
    table: &'a TableId,
    set: &'a Set,
    comment: &'a str,
}

/// Whose an element is.
enum Holder {
    Nobody,
    /// This attachment.
    Ours,
    Other(String),
}

impl Undo<'_> {
    /// Undoes what was done to elements of a set, one by one: the kernel does
    /// several as a whole or not at all, and one that somebody else deleted or
    /// added must not save or stop the others.
    pub(super) fn run_elements(&mut self, inverse: &Inverse) -> UndoOutcome {
        let (Inverse::AddElements {
            place,
            table,
            set,
            elements,
            comment,
        }
        | Inverse::DeleteElements {
            place,
            table,
            set,
            elements,
            comment,
        }) = inverse
        else {
            return Ok(Undone::Nothing);
        };
        let target = Target {
            place: *place,
            table,
            set,
            comment,
        };
        let adds = matches!(inverse, Inverse::AddElements { .. });
        self.each(elements, |undo, element| {
            if adds {
                undo.add_element(&target, element)
            } else {
                undo.delete_element(&target, element)
            }
        })
    }

    /// All outcomes in one. What fails is tried again with the others: each
    /// looks first.
    fn each(&mut self, elements: &[Element], mut one: impl FnMut(&mut Self, &Element) -> UndoOutcome) -> UndoOutcome {
        let mut restored = false;
        let mut left = Vec::new();
        let mut failure = None;
        for element in elements {
            match one(self, element) {
                Ok(Undone::Restored) => restored = true,
                Ok(Undone::Nothing) => {}
                Ok(Undone::Left(why)) => left.push(why),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) => Err(error),
            None if !left.is_empty() => Ok(Undone::Left(left.join(", "))),
            None if restored => Ok(Undone::Restored),
            None => Ok(Undone::Nothing),
        }
    }

    fn add_element(&mut self, target: &Target<'_>, element: &Element) -> UndoOutcome {
        match self.holder(target, element)? {
            Holder::Ours => Ok(Undone::Nothing),
            Holder::Other(owner) => Ok(Undone::Left(belongs(element, &owner))),
            Holder::Nobody => put_back(self.network.add_elements(
                target.place,
                target.table,
                target.set,
                std::slice::from_ref(element),
                target.comment,
            )),
        }
    }

    fn delete_element(&mut self, target: &Target<'_>, element: &Element) -> UndoOutcome {
        match self.holder(target, element)? {
            Holder::Nobody => Ok(Undone::Nothing),
            Holder::Other(owner) => Ok(Undone::Left(belongs(element, &owner))),
            Holder::Ours => deleted(self.network.delete_elements(
                target.place,
                target.table,
                target.set,
                std::slice::from_ref(element),
            )),
        }
    }

    /// Whose the element is; nobody's where set or table are gone.
    fn holder(&mut self, target: &Target<'_>, element: &Element) -> Result<Holder, UndoError> {
        match self
            .network
            .element_comment(target.place, target.table, target.set, element)
        {
            Ok(Some(comment)) if comment == target.comment => Ok(Holder::Ours),
            Ok(Some(comment)) => Ok(Holder::Other(comment)),
            Ok(None) | Err(Error::NotFound(_)) => Ok(Holder::Nobody),
            Err(error) => Err(error.into()),
        }
    }
}

fn belongs(element: &Element, owner: &str) -> String {
    let owner = if owner.is_empty() { "somebody else" } else { owner };
    format!("element {} belongs to {owner} by now", element_text(element))
}
