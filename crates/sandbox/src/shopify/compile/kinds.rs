//! What each kind of field takes, answers and costs.

use serde_json::json;

use super::super::connection;
use super::super::schema::{
    COUNT, INSTALLATION, Kind, LINE_ITEM, LOCATION, METAFIELD, MONEY_BAG, NODES, SHOP, Type, VARIANT,
};
use super::super::selection::{Field, Selection, parse_gid};
use super::{Compiler, Merged, SelectionSet, target};

impl<'a> Compiler<'a> {
    pub(super) fn kind(
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
        if kind.takes_nothing() {
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
            Kind::List(ty) => {
                self.allow(merged, &["first", "names"]);
                (Field::List(name, self.object(ty, below).0), 0)
            }
            Kind::Related(ty, table) => {
                self.allow(merged, &["first"]);
                let most = self.argument(merged, "first").as_u64().unwrap_or(250);
                let (selection, cost) = self.object(ty, below);
                (Field::Related(table, most, selection), connection::size(most.min(10)).saturating_mul(cost + 1))
            }
            Kind::Metafield => {
                self.allow(merged, &["namespace", "key"]);
                let (namespace, key) = (self.text(merged, "namespace")?, self.text(merged, "key")?);
                self.priced(&METAFIELD, below, |selection| Field::Metafield(namespace, key, selection))
            }
            Kind::Line => self.priced(&LINE_ITEM, below, Field::Line),
            Kind::Same(ty) => {
                self.allow(merged, &["locationId"]);
                let place = self.argument(merged, "locationId");
                let here = place.as_str().is_none_or(|id| parse_gid(id) == Some((LOCATION.name, 1)));
                self.priced(ty, below, |selection| Field::Same(here, selection))
            }
            Kind::Location => {
                self.allow(merged, &["id"]);
                let id = self.argument(merged, "id");
                let here = id.as_str().is_none_or(|id| parse_gid(id) == Some((LOCATION.name, 1)));
                self.priced(&LOCATION, below, |selection| Field::Location(here, selection))
            }
            Kind::Installation => self.priced(&INSTALLATION, below, Field::Installation),
            Kind::TypeInfo(ty) => {
                self.allow(merged, &["name"]);
                let of = self.text(merged, "name")?;
                (Field::TypeInfo(of, self.object(ty, below).0), 1)
            }
            Kind::Identified(ty, table) => {
                self.allow(merged, &["identifier"]);
                let identifier = self.argument(merged, "identifier");
                self.priced(ty, below, |selection| Field::Identified(table, identifier, selection))
            }
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
}
