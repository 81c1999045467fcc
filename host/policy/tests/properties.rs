//! What holds for every policy and every question.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;

use proptest::{prelude::*, strategy::ValueTree as _};
use support::{
    arbitrary::{NETWORKS, TENANTS, decision, file_text, files, grant, policy_of, questions, selection},
    ground::Ground,
};

/// Every network with every tenant.
fn attachments() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    NETWORKS
        .into_iter()
        .flat_map(|network| TENANTS.into_iter().map(move |tenant| (network, tenant)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_further_grant_denies_nothing(
        head in selection(),
        grants in prop::collection::vec(grant(), 1..8),
        fewer in any::<prop::sample::Index>(),
        questions in questions(),
    ) {
        let few = policy_of(&[file_text(&head, &grants[..fewer.index(grants.len())])]);
        let many = policy_of(&[file_text(&head, &grants)]);
        for (network, tenant) in attachments() {
            for question in &questions {
                if let Some(room) = decision(&few, question, network, tenant) {
                    let wider = decision(&many, question, network, tenant);
                    prop_assert!(wider.is_some(), "{question:?}");
                    let less = room.iter().zip(wider.unwrap()).any(|(room, wider)| *room && !wider);
                    prop_assert!(!less, "{question:?}");
                }
            }
        }
    }

    #[test]
    fn a_further_file_denies_nothing(one in files(), other in files(), questions in questions()) {
        let few = policy_of(&one);
        let many = policy_of(&[one, other].concat());
        for (network, tenant) in attachments() {
            for question in &questions {
                let allowed = decision(&few, question, network, tenant).is_some();
                prop_assert!(!allowed || decision(&many, question, network, tenant).is_some(), "{question:?}");
            }
        }
    }

    #[test]
    fn a_narrower_selection_allows_nothing_more(
        head in selection(),
        grants in prop::collection::vec(grant(), 1..6),
        questions in questions(),
    ) {
        let wide = policy_of(&[file_text("", &grants)]);
        let narrow = policy_of(&[file_text(&head, &grants)]);
        for (network, tenant) in attachments() {
            for question in &questions {
                let narrow = decision(&narrow, question, network, tenant);
                prop_assert!(narrow.is_none() || narrow == decision(&wide, question, network, tenant), "{question:?}");
            }
        }
    }

    #[test]
    fn what_is_shown_for_an_attachment_decides_alike(files in files(), questions in questions()) {
        let policy = policy_of(&files);
        for (network, tenant) in attachments() {
            let shown = policy.show(network, tenant);
            let again = policy_of(std::slice::from_ref(&shown));
            for question in &questions {
                prop_assert_eq!(
                    decision(&policy, question, network, tenant),
                    decision(&again, question, network, tenant),
                    "{:?} {}", question, shown
                );
            }
            prop_assert_eq!(without_comments(&again.show(network, tenant)), without_comments(&shown));
        }
    }

    #[test]
    fn files_that_are_shown_decide_alike(files in files(), questions in questions()) {
        let policy = policy_of(&files);
        let shown: Vec<String> = policy.show_files().into_iter().map(|(_, text)| text).collect();
        let again = policy_of(&shown);
        for (network, tenant) in attachments() {
            for question in &questions {
                prop_assert_eq!(
                    decision(&policy, question, network, tenant),
                    decision(&again, question, network, tenant),
                    "{:?} {:?}", question, shown
                );
            }
        }
    }

    #[test]
    fn an_explanation_says_what_is_decided(files in files(), questions in questions()) {
        let policy = policy_of(&files);
        for (network, tenant) in attachments() {
            for question in &questions {
                let explanation = question.ask(|question| policy.explain(question, network, tenant));
                let allowed = decision(&policy, question, network, tenant).is_some();
                prop_assert_eq!(explanation.is_allowed(), allowed);
                prop_assert_eq!(explanation.missing.is_none(), allowed);
                prop_assert!(explanation.refused_by.iter().all(|refusal| !refusal.reasons.is_empty()));
            }
        }
    }

    #[test]
    fn without_what_is_superfluous_a_policy_decides_alike(
        head in selection(),
        grants in prop::collection::vec(grant(), 2..8),
        questions in questions(),
    ) {
        let text = file_text(&head, &grants);
        let ground = Ground::new();
        ground.write("test.toml", &text);
        let findings = ground.directory().check_all().findings;
        let superfluous: BTreeSet<usize> = findings
            .iter()
            .filter(|finding| finding.problem.problem.starts_with("all that it allows"))
            .map(|finding| finding.problem.line.unwrap())
            .collect();
        let headers = text.lines().zip(1..).filter(|(line, _)| line.starts_with("[[")).map(|(_, line)| line);
        let kept = grants.iter().zip(headers).filter(|(_, line)| !superfluous.contains(line));
        let kept: Vec<String> = kept.map(|(grant, _)| grant.clone()).collect();
        prop_assert_eq!(kept.len() + superfluous.len(), grants.len());
        let (all, fewer) = (policy_of(&[text]), policy_of(&[file_text(&head, &kept)]));
        for (network, tenant) in attachments() {
            for question in &questions {
                prop_assert_eq!(
                    decision(&all, question, network, tenant),
                    decision(&fewer, question, network, tenant),
                    "{:?}", question
                );
            }
        }
    }
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

/// The properties above would hold of policies that allow nothing.
#[test]
fn random_questions_are_often_allowed() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut allowed, mut all) = (0, 0);
    for _ in 0..50 {
        let (files, questions) = (files(), questions()).new_tree(&mut runner).unwrap().current();
        let policy = policy_of(&files);
        for (network, tenant) in attachments() {
            all += questions.len();
            let decided = questions
                .iter()
                .map(|question| decision(&policy, question, network, tenant));
            allowed += decided.flatten().count();
        }
    }
    assert!(allowed * 50 > all, "{allowed} of {all}");
}
