//! What a shell knows between two commands. A value that differs from path to path is a set of values.

use crate::place::{Place, Root};
use crate::syntax::Stage;
use crate::text::{Part, Text, Why};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) use crate::value::{Reference, Value, Variable};

/// Most values that a variable may have at a time; beyond, it is unknown.
const MAX_VALUES: usize = 8;

/// Most elements of an array, and most arguments; beyond, they are unknown.
pub(crate) const MAX_ELEMENTS: usize = 4096;

/// What a function or a script was called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arguments {
    Known(Vec<Text>),
    Unknown,
}

/// Outcome of the last command, as far as it is certain.
pub(crate) type Status = Option<bool>;

/// Variables that a function made its own, with what they were before.
type Locals = BTreeMap<String, Option<Variable>>;

#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) body: Rc<Stage>,
    pub(crate) exported: bool,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.body, &other.body) && self.exported == other.exported
    }
}

/// A descriptor that was opened, other than input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// It may lead where standard output led at the start.
    pub(crate) usual: bool,
    /// Files to which it may write.
    pub(crate) files: Vec<Place>,
    /// What can be read from it, when that is known.
    pub(crate) input: Option<Vec<Text>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) variables: Rc<BTreeMap<String, Variable>>,
    /// Several when paths define a name in different ways.
    pub(crate) functions: Rc<BTreeMap<String, Vec<Function>>>,
    pub(crate) aliases: Rc<BTreeMap<String, Vec<Text>>>,
    pub(crate) arguments: Arguments,
    pub(crate) locals: Rc<Vec<Locals>>,
    pub(crate) cwd: Vec<Place>,
    /// Empty when it is what the environment says.
    pub(crate) previous: Vec<Place>,
    pub(crate) stack: Vec<Vec<Place>>,
    /// What was printed so far, when somebody reads it.
    pub(crate) printed: Option<Vec<Text>>,
    /// What can be read from standard input, when that is known.
    pub(crate) input: Option<Vec<Text>>,
    /// What `exec` and redirections opened; 1 stands here when `exec` redirected it.
    pub(crate) descriptors: Rc<BTreeMap<u32, Descriptor>>,
    pub(crate) status: Status,
    /// `exit`, `return` or `break` came before: nothing runs here.
    pub(crate) dead: bool,
    /// `set -f`.
    pub(crate) no_globs: bool,
    /// `IFS` is not what it was at the start.
    pub(crate) own_separators: bool,
    /// `set -a`.
    pub(crate) export_all: bool,
    /// `shopt -s lastpipe`.
    pub(crate) last_here: bool,
    /// `shopt -s nocasematch`.
    pub(crate) any_case: bool,
    /// `set +e` may hold: a failure does not end the script.
    pub(crate) errors_go_on: bool,
}

impl State {
    pub(crate) fn new(cwd: Place) -> Self {
        Self {
            variables: Rc::default(),
            functions: Rc::default(),
            aliases: Rc::default(),
            arguments: Arguments::Known(Vec::new()),
            locals: Rc::default(),
            cwd: vec![cwd],
            previous: Vec::new(),
            stack: Vec::new(),
            printed: None,
            input: None,
            descriptors: Rc::default(),
            status: None,
            dead: false,
            no_globs: false,
            own_separators: false,
            export_all: false,
            last_here: false,
            any_case: false,
            errors_go_on: false,
        }
    }

    /// The values that `$name` may have.
    pub(crate) fn values(&self, name: &str) -> Vec<Value> {
        if let Some(variable) = self.variables.get(name) {
            return variable.values.clone();
        }
        match name {
            "HOME" => vec![Value::Scalar(Text::from(Part::Home))],
            "PWD" => self.cwd.iter().map(|place| Value::Scalar(place.to_text())).collect(),
            "OLDPWD" if !self.previous.is_empty() => {
                self.previous.iter().map(|place| Value::Scalar(place.to_text())).collect()
            }
            _ => vec![Value::unknown(Why::Variable(name.to_owned()))],
        }
    }

    /// Gives the variable these values.
    pub(crate) fn assign(&mut self, name: &str, mut values: Vec<Value>) {
        match self.variables.get(name) {
            Some(variable) if variable.changes => {
                values = vec![Value::unknown(Why::Variable(name.to_owned()))];
            }
            Some(variable) if variable.reference != Reference::None => {
                self.assign_through(&variable.reference.clone(), values);
                return;
            }
            Some(variable) if variable.readonly => join(&mut values, variable.values.clone()),
            _ => {}
        }
        limit(&mut values, || Value::unknown(Why::Variable(name.to_owned())));
        for value in &mut values {
            if matches!(value, Value::Array(elements) if elements.len() > MAX_ELEMENTS) {
                *value = Value::unknown(Why::TooMany);
            }
        }
        if name == "IFS" {
            self.own_separators = values != [Value::Scalar(Text::from(" \t\n"))];
        }
        let all = self.export_all;
        let variables = Rc::make_mut(&mut self.variables);
        match variables.get_mut(name) {
            Some(variable) => variable.values = values,
            None => {
                variables.insert(name.to_owned(), Variable::new(values, all));
            }
        }
    }

    /// Keeps what was there, for the name may be that of another variable by now.
    fn assign_through(&mut self, reference: &Reference, mut values: Vec<Value>) {
        match reference {
            Reference::To(target)
                if self.variables.get(target).is_none_or(|target| target.reference == Reference::None) =>
            {
                join(&mut values, self.values(target));
                self.assign(target, values);
            }
            _ => self.forget_all(),
        }
    }

    pub(crate) fn assign_text(&mut self, name: &str, text: Text) {
        self.assign(name, vec![Value::Scalar(text)]);
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.assign(name, vec![Value::unknown(Why::Variable(name.to_owned()))]);
    }

    /// Makes the name known to child processes.
    pub(crate) fn export(&mut self, name: &str, exported: bool) {
        // What was never assigned is in the environment already, or nowhere.
        if let Some(variable) = Rc::make_mut(&mut self.variables).get_mut(name) {
            variable.exported = exported;
        }
    }

    pub(crate) fn is_readonly(&self, name: &str) -> bool {
        self.variables.get(name).is_some_and(|variable| variable.readonly)
    }

    pub(crate) fn is_keyed(&self, name: &str) -> bool {
        // bash makes these two itself.
        matches!(name, "BASH_ALIASES" | "BASH_CMDS")
            || self.variables.get(name).is_some_and(|variable| variable.keyed)
    }

    /// Gives a variable an attribute.
    pub(crate) fn mark(&mut self, name: &str, mark: impl FnOnce(&mut Variable)) {
        if !self.variables.contains_key(name) {
            self.forget(name);
        }
        if let Some(variable) = Rc::make_mut(&mut self.variables).get_mut(name) {
            mark(variable);
        }
    }

    /// Forgets what functions keep for their end.
    pub(crate) fn forget_locals(&mut self, name: &str) {
        for before in Rc::make_mut(&mut self.locals).iter_mut().filter_map(|locals| locals.get_mut(name)) {
            *before = Some(Variable::new(vec![Value::unknown(Why::Variable(name.to_owned()))], false));
        }
    }

    /// Any variable may have got any value.
    pub(crate) fn forget_all(&mut self) {
        for (name, variable) in Rc::make_mut(&mut self.variables) {
            variable.values = vec![Value::unknown(Why::Variable(name.clone()))];
        }
    }

    /// Takes a variable away; one that is a function's own may uncover the one outside.
    pub(crate) fn unset(&mut self, name: &str) {
        let mut values = vec![Value::Unset];
        for before in self.locals.iter().filter_map(|locals| locals.get(name)) {
            match before {
                Some(variable) => join(&mut values, variable.values.clone()),
                None => join(&mut values, vec![Value::unknown(Why::Variable(name.to_owned()))]),
            }
        }
        self.assign(name, values);
    }

    /// Keeps the value for the end of the function.
    pub(crate) fn make_local(&mut self, name: &str) {
        let before = self.variables.get(name).cloned();
        if let Some(locals) = Rc::make_mut(&mut self.locals).last_mut() {
            locals.entry(name.to_owned()).or_insert(before);
        }
    }

    /// Ends a function: its own variables are what they were before.
    pub(crate) fn drop_locals(&mut self) {
        let Some(locals) = Rc::make_mut(&mut self.locals).pop() else { return };
        if locals.is_empty() {
            return;
        }
        let variables = Rc::make_mut(&mut self.variables);
        for (name, before) in locals {
            match before {
                Some(variable) => variables.insert(name, variable),
                None => variables.remove(&name),
            };
        }
    }

    /// Adds to what was printed, when somebody reads it.
    pub(crate) fn print(&mut self, text: &Text) {
        for printed in self.printed.iter_mut().flatten() {
            printed.append(text);
        }
    }

    /// From here on, what is printed is kept.
    pub(crate) fn capture(&mut self) -> Option<Vec<Text>> {
        if self.descriptors.contains_key(&1) {
            Rc::make_mut(&mut self.descriptors).remove(&1);
        }
        self.printed.replace(vec![Text::default()])
    }

    /// A shell that this one starts: exported variables and functions only.
    pub(crate) fn child(&self) -> Self {
        let mut child = Self::new(Place::of(Root::Start));
        child.cwd.clone_from(&self.cwd);
        let variables = self.variables.iter().map(|(name, variable)| {
            let mut variable = Variable::new(variable.values.clone(), variable.exported);
            if !variable.exported {
                // Unless the name was in the environment from the start, the child does not see it.
                if !variable.values.contains(&Value::Unset) {
                    variable.values.push(Value::Unset);
                }
                if matches!(name.as_str(), "HOME" | "PATH" | "PWD") {
                    variable.values.retain(|value| *value != Value::Unset);
                }
            }
            (name.clone(), variable)
        });
        child.variables = Rc::new(variables.collect());
        let mut functions = BTreeMap::clone(&self.functions);
        functions.retain(|_, bodies| {
            bodies.retain(|function| function.exported);
            !bodies.is_empty()
        });
        child.functions = Rc::new(functions);
        child.printed.clone_from(&self.printed);
        child.input.clone_from(&self.input);
        child.descriptors = Rc::clone(&self.descriptors);
        child
    }

    /// What is known when either path may have been taken.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.merge_in(other);
        self
    }

    /// Adds what is known on another path.
    pub(crate) fn merge_in(&mut self, other: Self) {
        if self.dead {
            *self = other;
            return;
        }
        if other.dead || *self == other {
            return;
        }
        self.merge_variables(&other);
        if self.functions != other.functions {
            let functions = Rc::make_mut(&mut self.functions);
            for (name, bodies) in other.functions.iter() {
                let into = functions.entry(name.clone()).or_default();
                join(into, bodies.clone());
            }
        }
        if self.aliases != other.aliases {
            let aliases = Rc::make_mut(&mut self.aliases);
            for (name, texts) in other.aliases.iter() {
                join(aliases.entry(name.clone()).or_default(), texts.clone());
            }
        }
        if self.arguments != other.arguments {
            self.arguments = Arguments::Unknown;
        }
        if self.locals.len() == other.locals.len() && self.locals != other.locals {
            for (mine, theirs) in Rc::make_mut(&mut self.locals).iter_mut().zip(other.locals.iter()) {
                for (name, before) in theirs {
                    mine.entry(name.clone()).or_insert_with(|| before.clone());
                }
            }
        }
        merge_places(&mut self.cwd, other.cwd);
        if self.previous.is_empty() != other.previous.is_empty() {
            self.previous = vec![Place::of(Root::Unknown(Why::Folder))];
        } else {
            merge_places(&mut self.previous, other.previous);
        }
        if self.stack != other.stack {
            self.stack.clear();
        }
        self.printed = merge_texts(self.printed.take(), other.printed, Why::TooMany);
        self.input = merge_texts(self.input.take(), other.input, Why::Input);
        self.merge_descriptors(&other.descriptors);
        if self.status != other.status {
            self.status = None;
        }
        self.no_globs &= other.no_globs;
        self.own_separators |= other.own_separators;
        self.export_all |= other.export_all;
        self.last_here |= other.last_here;
        self.any_case |= other.any_case;
        self.errors_go_on |= other.errors_go_on;
    }

    fn merge_descriptors(&mut self, other: &Rc<BTreeMap<u32, Descriptor>>) {
        if Rc::ptr_eq(&self.descriptors, other) || self.descriptors == *other {
            return;
        }
        let descriptors = Rc::make_mut(&mut self.descriptors);
        // What is not open on one path leads where it always did.
        for (number, mine) in descriptors.iter_mut() {
            mine.usual |= !other.contains_key(number);
        }
        for (number, theirs) in other.iter() {
            let open = descriptors.contains_key(number);
            let mine = descriptors.entry(*number).or_default();
            mine.usual |= theirs.usual || !open;
            join(&mut mine.files, theirs.files.clone());
            let (old, new) = (mine.input.take(), theirs.input.clone());
            mine.input = match (old, new) {
                (Some(old), new) => merge_texts(Some(old), Some(new.unwrap_or_default()), Why::Input),
                (None, new) => new,
            };
        }
    }

    fn merge_variables(&mut self, other: &Self) {
        if Rc::ptr_eq(&self.variables, &other.variables) {
            return;
        }
        let mut names: Vec<String> = self.variables.keys().cloned().collect();
        join(&mut names, other.variables.keys().cloned().collect());
        let mut merged = BTreeMap::new();
        for name in names {
            let mut values = self.values(&name);
            join(&mut values, other.values(&name));
            limit(&mut values, || Value::unknown(Why::Variable(name.clone())));
            // What was never assigned is what the environment says, and that is exported.
            let exported =
                [&*self, other].iter().all(|state| state.variables.get(&name).is_none_or(|v| v.exported));
            let mut variable = Variable::new(values, exported);
            for one in [&*self, other].iter().filter_map(|state| state.variables.get(&name)) {
                variable.readonly |= one.readonly;
                variable.changes |= one.changes;
                variable.keyed |= one.keyed;
                variable.reference = match (&variable.reference, &one.reference) {
                    (Reference::None, one) => one.clone(),
                    (before, Reference::None) => before.clone(),
                    (before, one) if before == one => one.clone(),
                    _ => Reference::Any,
                };
            }
            merged.insert(name, variable);
        }
        self.variables = Rc::new(merged);
    }

    /// Makes unknown what differs from `before`, so that a loop comes to an end.
    pub(crate) fn widen(&mut self, before: &Self) {
        let changed: Vec<String> = self
            .variables
            .iter()
            .filter(|(name, variable)| before.variables.get(*name) != Some(variable))
            .map(|(name, _)| name.clone())
            .collect();
        for name in changed {
            self.forget(&name);
        }
        if self.cwd != before.cwd {
            self.cwd = vec![Place::of(Root::Unknown(Why::Folder))];
        }
        if self.previous != before.previous {
            self.previous = vec![Place::of(Root::Unknown(Why::Folder))];
        }
        if self.printed != before.printed {
            self.printed = Some(vec![Text::unknown(Why::TooMany)]);
        }
        if self.input != before.input {
            self.input = None;
        }
        if self.arguments != before.arguments {
            self.arguments = Arguments::Unknown;
        }
    }

    /// About how much a copy of it costs, in steps.
    pub(crate) fn weight(&self) -> usize {
        let variables = self.variables.values().flat_map(|variable| &variable.values);
        let arguments = match &self.arguments {
            Arguments::Known(arguments) => arguments.as_slice(),
            Arguments::Unknown => &[],
        };
        let texts = [&self.printed, &self.input].into_iter().flatten().flatten().chain(arguments);
        let sixteenths = variables.map(Value::cost).sum::<usize>()
            + texts.map(|text| 1 + text.len() / 16).sum::<usize>()
            + self.locals.iter().map(BTreeMap::len).sum::<usize>()
            + self.stack.len();
        1 + sixteenths / 16
    }
}

fn merge_places(into: &mut Vec<Place>, other: Vec<Place>) {
    if *into == other {
        return;
    }
    join(into, other);
    limit(into, || Place::of(Root::Unknown(Why::Folder)));
}

fn merge_texts(one: Option<Vec<Text>>, other: Option<Vec<Text>>, why: Why) -> Option<Vec<Text>> {
    let (mut one, other) = (one?, other?);
    join(&mut one, other);
    limit(&mut one, || Text::unknown(why));
    Some(one)
}

/// Adds what is not there yet.
pub(crate) fn join<T: PartialEq>(into: &mut Vec<T>, other: Vec<T>) {
    for item in other {
        if !into.contains(&item) {
            into.push(item);
        }
    }
}

/// Too many values are one unknown value.
pub(crate) fn limit<T>(values: &mut Vec<T>, unknown: impl FnOnce() -> T) {
    if values.len() > MAX_VALUES {
        *values = vec![unknown()];
    }
}
