//! From a query's text to a [`Selection`] with its cost: everything that can be wrong with a query is found here, before any record is read.
//!
//! Cost follows shopify.dev ("Rate limits"): a scalar costs nothing, an object one point, a connection two points and its nodes' cost by its `first`.
//! Two things the pages do not spell out are approximations: amounts and addresses count as values, and a connection's size counts in full up to ten
//! and by a tenth above (Shopify has made long pages cheaper than a plain product).

use std::collections::HashMap;

use async_graphql_parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field as AstField, FragmentDefinition, OperationType,
    Selection as AstSelection, SelectionSet,
};
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::Name;
use serde_json::{Map, Value, json};

use super::connection;
use super::schema::{COUNT, Kind, MONEY_BAG, NODES, QUERY, SHOP, Type, VARIANT};
use super::search::Search;
use super::selection::{Field, Selection, applies, parse_gid};

/// Larger queries are refused before they are read.
const LONGEST_QUERY: usize = 60_000;
/// Brackets inside brackets, so that the parser's own recursion stays shallow.
const DEEPEST_NESTING: usize = 40;
/// Fields after all fragments are merged in, so that fragments cannot multiply.
const MOST_FIELDS: usize = 3_000;

/// A query that can be run, and what it costs at most.
#[derive(Debug)]
pub struct Compiled {
    /// What to answer.
    pub selection: Selection,
    /// `requestedQueryCost`.
    pub cost: u64,
    /// Search fields that were left out.
    pub warnings: Vec<String>,
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
pub fn compile(request: &Request) -> Result<Compiled, Vec<Value>> {
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
        path: vec!["query".to_owned()],
    };
    if operation.node.ty != OperationType::Query {
        compiler.refuse_all(&operation.node.selection_set.node, operation.node.ty);
        return Err(compiler.errors);
    }
    let (selection, cost) = compiler.object(&QUERY, &[&operation.node.selection_set.node]);
    let Compiler { errors, warnings, .. } = compiler;
    if errors.is_empty() { Ok(Compiled { selection, cost, warnings }) } else { Err(errors) }
}

/// What compiling needs to know and what it has found so far.
pub struct Compiler<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: Map<String, Value>,
    errors: Vec<Value>,
    warnings: Vec<String>,
    fields: usize,
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
        self.path.push(merged.key.clone());
        let found = self.kind(ty, name, kind, merged);
        self.path.pop();
        found
    }

    fn kind(
        &mut self,
        parent: &'static Type,
        name: &'static str,
        kind: Kind,
        merged: &Merged<'a>,
    ) -> Option<(Field, u64)> {
        let leaf = matches!(kind, Kind::Scalar | Kind::Gid | Kind::Number);
        if leaf != merged.below.is_empty() {
            let problem = if leaf { "Selections can't be made on scalars" } else { "Field must have selections" };
            self.error(
                merged.pos,
                &format!("{problem} (field '{name}')"),
                json!({"code": "selectionMismatch", "nodeName": format!("field '{name}'")}),
            );
            return None;
        }
        if !matches!(kind, Kind::Items(_) | Kind::Many(..) | Kind::One(..) | Kind::Count(_) | Kind::Node | Kind::Nodes)
        {
            self.allow(merged, &[]);
        }
        let below = merged.below.as_slice();
        Some(match kind {
            Kind::Scalar => (Field::Scalar(name), 0),
            Kind::Gid => (Field::Gid(parent.name), 0),
            Kind::Number => (Field::Number, 0),
            Kind::Money => (Field::Money(name, self.object(&MONEY_BAG, below).0), 0),
            Kind::Object(ty) => (Field::Object(name, self.object(ty, below).0), 0),
            Kind::Ref(ty, table) => self.priced(ty, below, |selection| Field::Ref(name, table, selection)),
            Kind::Variant => self.priced(&VARIANT, below, Field::Variant),
            Kind::Shop => self.priced(&SHOP, below, Field::Shop),
            Kind::Items(ty) => connection::items(self, name, ty, merged)?,
            Kind::Many(ty, table) => connection::table(self, ty, table, merged)?,
            Kind::One(ty, table) => {
                self.allow(merged, &["id"]);
                let id = self.text(merged, "id")?;
                let number = parse_gid(&id).filter(|(of, _)| *of == ty.name).map(|(_, number)| number);
                self.priced(ty, below, |selection| Field::One(table, number, selection))
            }
            Kind::Count(table) => {
                self.allow(merged, &["query", "limit"]);
                let search = self.search(merged)?;
                self.priced(&COUNT, below, |selection| Field::Count(table, search, selection))
            }
            Kind::Node => {
                self.allow(merged, &["id"]);
                let id = self.text(merged, "id")?;
                let (selections, cost) = self.any_type(below);
                (Field::Node(target(&id), selections), cost + 1)
            }
            Kind::Nodes => {
                self.allow(merged, &["ids"]);
                let ids = self.ids(merged)?;
                let (selections, cost) = self.any_type(below);
                let size = u64::try_from(ids.len()).unwrap_or(u64::MAX);
                (Field::Nodes(ids, selections), connection::size(size).saturating_mul(cost + 1))
            }
        })
    }

    fn priced(
        &mut self,
        ty: &'static Type,
        below: &[&'a SelectionSet],
        field: impl FnOnce(Selection) -> Field,
    ) -> (Field, u64) {
        let (selection, cost) = self.object(ty, below);
        (field(selection), cost + 1)
    }

    /// What is selected on the interface `Node`, for each type that there is; the dearest counts.
    fn any_type(&mut self, below: &[&'a SelectionSet]) -> (Vec<(&'static str, Selection)>, u64) {
        let mut dearest = 0;
        let mut selections = Vec::new();
        for (ty, table) in NODES {
            let (selection, cost) = self.object(ty, below);
            dearest = dearest.max(cost);
            selections.push((table, selection));
        }
        (selections, dearest)
    }

    /// An argument's value with variables put in; null when it is absent.
    pub fn argument(&self, merged: &Merged<'a>, name: &str) -> Value {
        let Some(value) = merged.field.get_argument(name) else { return Value::Null };
        let variable = |name: Name| {
            async_graphql_value::ConstValue::from_json(self.variables.get(name.as_str()).cloned().unwrap_or_default())
        };
        value.node.clone().into_const_with(variable).ok().and_then(|value| value.into_json().ok()).unwrap_or_default()
    }

    /// Reads the `query` argument.
    pub fn search(&mut self, merged: &Merged<'a>) -> Option<Search> {
        let argument = self.argument(merged, "query");
        match Search::parse(argument.as_str().unwrap_or_default()) {
            Ok(search) => {
                self.warnings.extend(search.unknown.iter().cloned());
                Some(search)
            }
            Err(problem) => {
                self.error(
                    merged.pos,
                    &problem,
                    json!({"code": "argumentLiteralsIncompatible", "argumentName": "query"}),
                );
                None
            }
        }
    }

    /// Refuses arguments that the field does not have.
    pub fn allow(&mut self, merged: &Merged<'a>, allowed: &[&str]) {
        for (name, _) in &merged.field.arguments {
            if !allowed.contains(&name.node.as_str()) {
                let message = format!("Field '{}' doesn't accept argument '{}'", merged.field.name.node, name.node);
                self.error(
                    name.pos,
                    &message,
                    json!({"code": "argumentNotAccepted", "argumentName": name.node.as_str()}),
                );
            }
        }
    }

    /// Notes that a type has no such field.
    pub fn undefined(&mut self, merged: &Merged<'a>, ty: &str) {
        let name = merged.field.name.node.as_str();
        self.path.push(merged.key.clone());
        self.error(
            merged.pos,
            &format!("Field '{name}' doesn't exist on type '{ty}'"),
            json!({"code": "undefinedField", "typeName": ty, "fieldName": name}),
        );
        self.path.pop();
    }

    /// Notes an error at a place in the query.
    pub fn error(&mut self, pos: Pos, message: &str, extensions: Value) {
        if self.errors.len() < 100 {
            let place = json!([{"line": pos.line, "column": pos.column}]);
            self.errors
                .push(json!({"message": message, "locations": place, "path": self.path, "extensions": extensions}));
        }
    }

    fn error_once(&mut self, message: &str) {
        if !self.errors.iter().any(|error| error["message"] == message) {
            self.errors.push(json!({"message": message}));
        }
    }

    fn text(&mut self, merged: &Merged<'a>, name: &str) -> Option<String> {
        let Value::String(text) = self.argument(merged, name) else {
            let message = format!("Field '{}' is missing required arguments: {name}", merged.field.name.node);
            self.error(merged.pos, &message, json!({"code": "missingRequiredArguments", "arguments": name}));
            return None;
        };
        Some(text)
    }

    fn ids(&mut self, merged: &Merged<'a>) -> Option<Vec<Option<(&'static str, u64)>>> {
        let ids = self.argument(merged, "ids");
        let Some(ids) = ids.as_array().filter(|ids| ids.len() <= connection::LONGEST_PAGE) else {
            self.error(
                merged.pos,
                "`ids` must be a list of at most 250 ids",
                json!({"code": "argumentLiteralsIncompatible"}),
            );
            return None;
        };
        Some(ids.iter().map(|id| id.as_str().and_then(target)).collect())
    }

    fn is_left_out(&mut self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let condition = directive.node.get_argument("if").map(|value| value.node.clone());
            let variable = |name: Name| {
                async_graphql_value::ConstValue::from_json(
                    self.variables.get(name.as_str()).cloned().unwrap_or_default(),
                )
            };
            let condition = condition
                .and_then(|value| value.into_const_with(variable).ok())
                .and_then(|value| value.into_json().ok());
            match directive.node.name.node.as_str() {
                "include" => condition == Some(Value::Bool(false)),
                "skip" => condition == Some(Value::Bool(true)),
                _ => false,
            }
        })
    }

    /// There is no mutation or subscription yet, so each of their fields is unknown.
    fn refuse_all(&mut self, set: &'a SelectionSet, ty: OperationType) {
        self.path = vec![ty.to_string()];
        for merged in self.merge(None, &[set]) {
            self.undefined(&merged, if ty == OperationType::Mutation { "Mutation" } else { "Subscription" });
        }
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

fn syntax_error(error: &async_graphql_parser::Error) -> Value {
    let places: Vec<Value> = error.positions().map(|pos| json!({"line": pos.line, "column": pos.column})).collect();
    json!({"message": "Parse error: the query is not valid GraphQL", "locations": places, "extensions": {"code": "parseError"}})
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
