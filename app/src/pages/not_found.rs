//! What an address without a screen shows.

use crate::prelude::*;

use crate::error::AppError;
use crate::ui::{Failure, Page};

#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <main id="main" class="alone">
            <Page title="Not found".to_owned()>
                <Failure error=AppError::NotFound />
            </Page>
        </main>
    }
}
