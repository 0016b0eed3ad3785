//! From a query's text to a [`Selection`] with its cost: everything that can be wrong with a query is found here, before any record is read.
//!
//! Cost follows shopify.dev ("Rate limits"): a scalar costs nothing, an object one point, a connection two points and its nodes' cost by its `first`.
//! Two things the pages do not spell out are approximations: amounts and addresses count as values, and a connection's size counts in full up to ten
//! and by a tenth above (Shopify has made long pages cheaper than a plain product).

mod arguments;
mod kinds;
mod problems;

use std::collections::HashMap;

use async_graphql_parser::types::{
    DocumentOperations, ExecutableDocument, Field as AstField, FragmentDefinition, OperationDefinition, OperationType,
    Selection as AstSelection, SelectionSet,
};
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::Name;
use serde_json::{Map, Value, json};

use super::drift::Drift;
use super::mutations::{self, Mutation};
use super::schema::{NODES, QUERY, Type};
use super::selection::{Field, Selection, applies, parse_gid};
use problems::syntax_error;

/// What a mutation costs, whatever it answers.
const MUTATION_COST: u64 = 10;

/// Larger queries are refused before they are read.
const LONGEST_QUERY: usize = 60_000;
/// Brackets inside brackets, so that the parser's own recursion stays shallow.
const DEEPEST_NESTING: usize = 40;
/// Fields after all fragments are merged in, so that fragments cannot multiply.
const MOST_FIELDS: usize = 3_000;

/// A query that can be run, and what it costs at most.
#[derive(Debug)]
pub struct Compiled {
    /// What to do and to answer.
    pub operation: Operation,
    /// `requestedQueryCost`.
    pub cost: u64,
    /// Search fields that were left out.
    pub warnings: Vec<String>,
}

/// What is asked for.
#[derive(Debug)]
pub enum Operation {
    /// To read.
    Query(Selection),
    /// To change, one after the other.
    Mutation(Vec<Step>),
}

/// One mutation of a request.
#[derive(Debug)]
pub struct Step {
    /// Its key in the answer.
    pub key: String,
    /// Which one.
    pub mutation: &'static Mutation,
    /// Its arguments, variables put in.
    pub arguments: Map<String, Value>,
    /// The key of `@idempotent(key:)`.
    pub idempotency: Option<String>,
    /// What to answer.
    pub selection: Selection,
}

/// The request's body.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    #[serde(default)]
    operation_name: Option<String>,
}

/// Reads and checks a query; the errors are GraphQL's, ready to be sent.
pub fn compile(request: &Request, drift: &Drift) -> Result<Compiled, Vec<Value>> {
    if request.query.len() > LONGEST_QUERY || nesting(&request.query) > DEEPEST_NESTING {
        return Err(vec![json!({"message": "Query is too large or too deep"})]);
    }
    let document = async_graphql_parser::parse_query(&request.query).map_err(|error| vec![syntax_error(&error)])?;
    let operation = operation(&document, request.operation_name.as_deref())?;
    let mut variables = request.variables.clone().unwrap_or_default();
    for definition in &operation.node.variable_definitions {
        let default = definition.node.default_value().and_then(|value| value.clone().into_json().ok());
        let name = definition.node.name.node.to_string();
        if let (None, Some(value)) = (variables.get(&name), default) {
            variables.insert(name, value);
        }
    }
    let mut compiler = Compiler {
        fragments: &document.fragments,
        variables,
        errors: Vec::new(),
        warnings: Vec::new(),
        fields: 0,
        drift,
        path: vec![operation.node.ty.to_string()],
    };
    let (operation, cost) = compiler.operation(&operation.node);
    let Compiler { errors, warnings, .. } = compiler;
    if errors.is_empty() { Ok(Compiled { operation, cost, warnings }) } else { Err(errors) }
}

/// What compiling needs to know and what it has found so far.
pub struct Compiler<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: Map<String, Value>,
    errors: Vec<Value>,
    warnings: Vec<String>,
    fields: usize,
    drift: &'a Drift,
    path: Vec<String>,
}

/// The fields under one key of the answer: the first decides, all add to what is selected below it.
pub struct Merged<'a> {
    /// The key in the answer.
    pub key: String,
    /// The first field.
    pub field: &'a AstField,
    /// Where it stands.
    pub pos: Pos,
    /// What is selected below it.
    pub below: Vec<&'a SelectionSet>,
}

impl<'a> Compiler<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> (Operation, u64) {
        let set = &operation.selection_set.node;
        match operation.ty {
            OperationType::Query => {
                let (selection, cost) = self.object(&QUERY, &[set]);
                (Operation::Query(selection), cost)
            }
            OperationType::Mutation => self.mutation(set),
            OperationType::Subscription => {
                for merged in self.merge(None, &[set]) {
                    self.undefined(&merged, "Subscription");
                }
                (Operation::Mutation(Vec::new()), 0)
            }
        }
    }

    fn mutation(&mut self, set: &'a SelectionSet) -> (Operation, u64) {
        let (mut steps, mut cost) = (Vec::new(), 0);
        for merged in self.merge(None, &[set]) {
            let Some(mutation) = mutations::find(merged.field.name.node.as_str()) else {
                self.undefined(&merged, "Mutation");
                continue;
            };
            self.allow(&merged, mutation.arguments);
            let arguments = mutation.arguments.iter().map(|name| ((*name).to_owned(), self.argument(&merged, name)));
            let arguments = arguments.filter(|(_, value)| !value.is_null()).collect();
            let idempotency = self.directive(&merged, "idempotent", "key");
            self.path.push(merged.key.clone());
            let (selection, _) = self.object(mutation.payload, &merged.below);
            self.path.pop();
            cost += MUTATION_COST;
            steps.push(Step { key: merged.key, mutation, arguments, idempotency, selection });
        }
        (Operation::Mutation(steps), cost)
    }

    /// Compiles what is selected on an object, with the cost of everything below it.
    pub fn object(&mut self, ty: &'static Type, sets: &[&'a SelectionSet]) -> (Selection, u64) {
        let (mut selection, mut cost) = (Selection::default(), 0);
        for merged in self.merge(Some(ty), sets) {
            if let Some((field, own)) = self.field(ty, &merged) {
                cost += own;
                selection.items.push((merged.key, field));
            }
        }
        (selection, cost)
    }

    /// Collects the fields of selection sets by key, fragments merged in. With no type, every fragment applies.
    pub fn merge(&mut self, ty: Option<&'static Type>, sets: &[&'a SelectionSet]) -> Vec<Merged<'a>> {
        let mut merged = Vec::new();
        for set in sets {
            self.collect(ty, set, &mut merged, 0);
        }
        merged
    }

    fn collect(
        &mut self,
        ty: Option<&'static Type>,
        set: &'a SelectionSet,
        merged: &mut Vec<Merged<'a>>,
        depth: usize,
    ) {
        if depth > DEEPEST_NESTING || self.fields > MOST_FIELDS {
            return self.error_once("Query is too large or too deep");
        }
        for item in &set.items {
            self.fields += 1;
            if self.is_left_out(item.node.directives()) {
                continue;
            }
            match &item.node {
                AstSelection::Field(field) => add(merged, &field.node, field.pos),
                AstSelection::InlineFragment(fragment) => {
                    let condition =
                        fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    if condition.is_none_or(|condition| ty.is_none_or(|ty| applies(condition, ty))) {
                        self.collect(ty, &fragment.node.selection_set.node, merged, depth + 1);
                    }
                }
                AstSelection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.fragments.get(name) else {
                        self.error(
                            spread.pos,
                            &format!("Fragment {name} was used, but not defined"),
                            json!({"code": "useAndDefineFragment", "fragmentName": name.as_str()}),
                        );
                        continue;
                    };
                    if ty.is_none_or(|ty| applies(fragment.node.type_condition.node.on.node.as_str(), ty)) {
                        self.collect(ty, &fragment.node.selection_set.node, merged, depth + 1);
                    }
                }
            }
        }
    }

    fn field(&mut self, ty: &'static Type, merged: &Merged<'a>) -> Option<(Field, u64)> {
        let name = merged.field.name.node.as_str();
        if name == "__typename" {
            return Some((Field::Typename(ty.name), 0));
        }
        let Some((name, kind)) = ty.field(name) else {
            self.undefined(merged, ty.name);
            return None;
        };
        if self.drift.has_removed(ty.name, name) {
            return None;
        }
        self.path.push(merged.key.clone());
        let found = self.kind(ty, name, kind, merged);
        self.path.pop();
        found
    }
}

fn add<'a>(merged: &mut Vec<Merged<'a>>, field: &'a AstField, pos: Pos) {
    let key = field.response_key().node.to_string();
    let below = (!field.selection_set.node.items.is_empty()).then_some(&field.selection_set.node);
    match merged.iter_mut().find(|merged| merged.key == key) {
        Some(merged) => merged.below.extend(below),
        None => merged.push(Merged { key, field, pos, below: below.into_iter().collect() }),
    }
}

fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<async_graphql_parser::types::OperationDefinition>, Vec<Value>> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (DocumentOperations::Multiple(_), None) => None,
    };
    found.ok_or_else(|| vec![json!({"message": "An operation name is required"})])
}

fn target(id: &str) -> Option<(&'static str, u64)> {
    let (name, number) = parse_gid(id)?;
    NODES.iter().find(|(ty, _)| ty.name == name).map(|(_, table)| (*table, number))
}

/// The deepest nesting of brackets; an upper bound, since brackets inside strings count too.
fn nesting(query: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in query.bytes() {
        match byte {
            b'{' | b'(' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
