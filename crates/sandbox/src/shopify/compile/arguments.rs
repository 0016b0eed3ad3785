//! What stands in brackets behind a field's name, variables put in.

use async_graphql_parser::Positioned;
use async_graphql_parser::types::Directive;
use async_graphql_value::{ConstValue, Name};
use serde_json::{Value, json};

use super::super::connection;
use super::super::search::Search;
use super::{Compiler, Merged, target};

impl<'a> Compiler<'a> {
    /// An argument's value with variables put in; null when it is absent.
    pub fn argument(&self, merged: &Merged<'a>, name: &str) -> Value {
        let Some(value) = merged.field.get_argument(name) else { return Value::Null };
        let variable =
            |name: Name| ConstValue::from_json(self.variables.get(name.as_str()).cloned().unwrap_or_default());
        value.node.clone().into_const_with(variable).ok().and_then(|value| value.into_json().ok()).unwrap_or_default()
    }

    /// An argument of a directive on the field, as text.
    pub fn directive(&self, merged: &Merged<'a>, name: &str, argument: &str) -> Option<String> {
        let directive = merged.field.directives.iter().find(|directive| directive.node.name.node == name)?;
        let value = directive.node.get_argument(argument)?.node.clone();
        let variable =
            |name: Name| ConstValue::from_json(self.variables.get(name.as_str()).cloned().unwrap_or_default());
        let value = value.into_const_with(variable).ok()?.into_json().ok()?;
        value.as_str().map(ToOwned::to_owned)
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

    pub(super) fn text(&mut self, merged: &Merged<'a>, name: &str) -> Option<String> {
        let Value::String(text) = self.argument(merged, name) else {
            let message = format!("Field '{}' is missing required arguments: {name}", merged.field.name.node);
            self.error(merged.pos, &message, json!({"code": "missingRequiredArguments", "arguments": name}));
            return None;
        };
        Some(text)
    }

    pub(super) fn ids(&mut self, merged: &Merged<'a>) -> Option<Vec<Option<(&'static str, u64)>>> {
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

    pub(super) fn is_left_out(&mut self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let condition = directive.node.get_argument("if").map(|value| value.node.clone());
            let variable =
                |name: Name| ConstValue::from_json(self.variables.get(name.as_str()).cloned().unwrap_or_default());
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
}
