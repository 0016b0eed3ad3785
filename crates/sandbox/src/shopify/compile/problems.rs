//! What is wrong with a query, as GraphQL's errors.

use async_graphql_parser::Pos;
use serde_json::{Value, json};

use super::{Compiler, Merged};

impl<'a> Compiler<'a> {
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

    pub(super) fn error_once(&mut self, message: &str) {
        if !self.errors.iter().any(|error| error["message"] == message) {
            self.errors.push(json!({"message": message}));
        }
    }
}

/// What is said of a text that is no GraphQL.
pub fn syntax_error(error: &async_graphql_parser::Error) -> Value {
    let places: Vec<Value> = error.positions().map(|pos| json!({"line": pos.line, "column": pos.column})).collect();
    json!({"message": "Parse error: the query is not valid GraphQL", "locations": places, "extensions": {"code": "parseError"}})
}
