//! Policy files: whatever they hold, they are read or refused, and what was
//! read decides alike however it is written down.

use std::{
    fmt::Write as _,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use cofferdam_policy::{Asked, PluginPolicy, PolicyDirectory, PolicyError, Severity};

use crate::workspace::Workspace;

/// Between the files of a policy, and before the questions.
const NEXT_FILE: &str = "\n%%\n";
const QUESTIONS: &str = "\n??\n";
/// The plugin that the files are about.
const PLUGIN: &str = "test";
/// Grants that are taken away one by one: each costs a reading of all.
const MOST_REMOVED: usize = 12;
/// Questions of an input: each is put to half a dozen policies.
const MOST_QUESTIONS: usize = 24;

/// Questions that are put to every policy, besides those of the input.
const ALWAYS: [&str; 10] = [
    "link.see container name=lo",
    "link.create host kind=bridge name=cni0",
    "link.set host kind=veth name=veth0 setting=up",
    "address.add container name=eth0 address=10.22.0.5/16",
    "route.add container name=eth0 destination=0.0.0.0/0",
    "rule.add host table=100 priority=1000",
    "sysctl.write host key=net/ipv4/ip_forward value=1",
    "nftables.table host family=inet table=cofferdam_masquerade hook=postrouting:100",
    "store.open location=/var/lib/cni/networks",
    "ipam.delegate plugin=host-local",
];

/// One input: the texts of a plugin's files, separated by a line `%%`, and
/// after a line `??` one question a line, as `cofferctl policy explain` takes
/// it. A line `on NETWORK [TENANT]` says for whom the next ones are.
pub fn policy(data: &[u8]) {
    check_directory(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (files, questions) = text.split_once(QUESTIONS).unwrap_or((text, ""));
    let files: Vec<(PathBuf, String)> = files
        .split(NEXT_FILE)
        .enumerate()
        .map(|(number, text)| (format!("{PLUGIN}.{number}.toml").into(), text.to_owned()))
        .collect();
    for (_, text) in &files {
        assert!(
            cofferdam_policy::readers_agree(text),
            "the two readers do not agree on {text:?}"
        );
    }
    match PluginPolicy::parse(PLUGIN, &files, any_key) {
        Err(error) => check_error(&error, &files),
        Ok(policy) => check_policy(&policy, &asked(questions)),
    }
}

/// Every key exists.
fn any_key(_: &str) -> Result<Option<[u8; 32]>, PolicyError> {
    Ok(Some([7; 32]))
}

/// The whole input as the one file of a directory: a check of the directory
/// says that a policy is in order just where it can be used.
fn check_directory(data: &[u8]) {
    let workspace = Workspace::of_this_thread("policy");
    let path = workspace.path().join("policy.d");
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    let file = path.join(format!("{PLUGIN}.toml"));
    fs::write(&file, data).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();

    let directory = PolicyDirectory::new(path);
    let report = directory.check_all();
    let read = directory.plugin(PLUGIN);
    assert_eq!(report.is_usable(), read.is_ok(), "{:?}", report.findings);
    assert_eq!(report.plugins, [PLUGIN]);
    assert_eq!(report.count(Severity::Error) == 0, report.is_usable());
    for finding in &report.findings {
        one_line(&finding.to_string());
    }
    if let Err(error) = read {
        one_line(&error.to_string());
    }
}

fn check_error(error: &PolicyError, files: &[(PathBuf, String)]) {
    one_line(&error.to_string());
    let PolicyError::Invalid(problems) = error else {
        panic!("texts alone are refused for another reason than what is in them: {error}");
    };
    assert!(!problems.is_empty());
    for problem in problems {
        let (_, text) = files
            .iter()
            .find(|(path, _)| *path == problem.file)
            .expect("a problem is in one of the files");
        let lines = text.matches('\n').count() + 1;
        assert!(
            problem.line.is_some_and(|line| (1..=lines).contains(&line)),
            "{problem} is in a file of {lines} lines"
        );
    }
}

/// A question, and for whom it is asked.
struct Case {
    network: String,
    tenant: Option<String>,
    asked: Asked,
}

fn asked(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let (mut network, mut tenant) = ("n".to_owned(), None);
    for line in ALWAYS.into_iter().chain(text.lines()) {
        if let Some(whose) = line.strip_prefix("on ") {
            let (name, owner) = whose
                .split_once(' ')
                .map_or((whose, None), |(name, owner)| (name, Some(owner)));
            (network, tenant) = (name.to_owned(), owner.map(str::to_owned));
            continue;
        }
        let mut words = line.split(' ');
        let operation = words.next().unwrap_or_default();
        match Asked::read(operation, words) {
            Ok(asked) => cases.push(Case {
                network: network.clone(),
                tenant: tenant.clone(),
                asked,
            }),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        if cases.len() == MOST_QUESTIONS {
            break;
        }
    }
    cases
}

/// For how many uses of each counter there is room; nothing where it is
/// denied.
type Decision = Option<Vec<bool>>;

impl Case {
    fn decide(&self, policy: &PluginPolicy) -> Decision {
        let grants = policy.for_attachment(&self.network, self.tenant.as_deref());
        self.asked.ask(|question| match grants.decide(question) {
            Ok(granted) => Some([0, 1, 2, 3, 1 << 20].map(|used| granted.check(|_| used).is_ok()).into()),
            Err(denial) => {
                one_line(&denial.to_string());
                None
            }
        })
    }
}

fn check_policy(policy: &PluginPolicy, cases: &[Case]) {
    let shown: Vec<String> = policy.show_files().into_iter().map(|(_, text)| text).collect();
    let again = reread(&shown);
    let shown_again: Vec<String> = again.show_files().into_iter().map(|(_, text)| text).collect();
    assert_eq!(without_comments(&shown), without_comments(&shown_again));
    assert_eq!(policy.pin(), again.pin());
    assert_eq!(policy.audit(), again.audit());

    for case in cases {
        let decision = case.decide(policy);
        assert_eq!(decision, case.decide(&again), "shown as {shown:?}");
        check_shown(policy, case, &decision);
        check_explanation(policy, case, &decision);
    }
    check_fewer_grants(policy, &shown, cases);
}

/// What is shown for one attachment decides alike, for that one.
fn check_shown(policy: &PluginPolicy, case: &Case, decision: &Decision) {
    let shown = policy.show(&case.network, case.tenant.as_deref());
    let again = reread(std::slice::from_ref(&shown));
    assert_eq!(*decision, case.decide(&again), "{:?}, shown as {shown}", case.asked);
}

fn check_explanation(policy: &PluginPolicy, case: &Case, decision: &Decision) {
    let explain =
        |question: &cofferdam_policy::Question<'_>| policy.explain(question, &case.network, case.tenant.as_deref());
    let explanation = case.asked.ask(explain);
    assert_eq!(explanation.is_allowed(), decision.is_some(), "{:?}", case.asked);
    assert_eq!(explanation.missing.is_none(), decision.is_some());
    assert!(explanation.refused_by.iter().all(|refusal| !refusal.reasons.is_empty()));
    one_line(&explanation.question);
    // The grant that is said to be missing is one that would allow it.
    let grant = case.asked.ask(|question| question.as_grant());
    one_line(&grant);
    let text = format!("[plugin.{PLUGIN}]\ngrant = [{grant}]\n");
    let granted = PluginPolicy::parse(PLUGIN, &[("granted.toml".into(), text.clone())], any_key);
    if let Ok(granted) = granted {
        assert!(
            case.decide(&granted).is_some(),
            "{:?} is not allowed by {text}",
            case.asked
        );
    }
}

/// Without one of the grants nothing is allowed that was denied with it.
fn check_fewer_grants(policy: &PluginPolicy, shown: &[String], cases: &[Case]) {
    let header = format!("[[plugin.{PLUGIN}.grant]]");
    let removable = shown.iter().enumerate().flat_map(|(file, text)| {
        let grants = text.lines().filter(|line| *line == header).count();
        (0..grants).map(move |grant| (file, grant))
    });
    for (file, grant) in removable.take(MOST_REMOVED) {
        let mut fewer = shown.to_vec();
        fewer[file] = without_grant(&fewer[file], &header, grant);
        let fewer = reread(&fewer);
        for case in cases {
            let (with, without) = (case.decide(policy), case.decide(&fewer));
            let (Some(without), with) = (without, with) else {
                continue;
            };
            let with = with.unwrap_or_else(|| panic!("{:?} is allowed by fewer grants: {shown:?}", case.asked));
            let wider = with.iter().zip(&without).any(|(with, without)| *without && !with);
            assert!(!wider, "{:?} has more room with fewer grants: {shown:?}", case.asked);
        }
    }
}

fn without_grant(text: &str, header: &str, removed: usize) -> String {
    let mut grant = None;
    let mut kept = String::new();
    for line in text.lines() {
        if line == header {
            grant = Some(grant.map_or(0, |grant| grant + 1));
        }
        if grant != Some(removed) {
            let _ = writeln!(kept, "{line}");
        }
    }
    kept
}

fn reread(texts: &[String]) -> PluginPolicy {
    let files: Vec<(PathBuf, String)> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| (Path::new("shown").with_extension(number.to_string()), text.clone()))
        .collect();
    PluginPolicy::parse(PLUGIN, &files, any_key)
        .unwrap_or_else(|error| panic!("what is shown is not read: {error}\n{texts:?}"))
}

fn without_comments(texts: &[String]) -> Vec<String> {
    let plain = |text: &String| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.collect::<Vec<_>>().join("\n")
    };
    texts.iter().map(plain).collect()
}

/// What is printed for people can neither begin a new line nor move the
/// cursor.
fn one_line(text: &str) {
    assert!(!text.is_empty());
    assert!(!text.contains(char::is_control), "{text:?}");
}
