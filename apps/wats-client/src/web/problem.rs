//! Why a request gets another answer than the one it asked for.

use super::layout;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// What went wrong, in words for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// The request itself.
    Bad(String),
    /// It may not do this.
    Forbidden(String),
    /// There is no such thing.
    Missing(String),
    /// The thing is there, and not in a state for this.
    Conflict(String),
    /// More was sent than is read.
    TooLarge(String),
    /// It is understood and wrong in substance.
    Invalid(String),
    /// This program cannot do it now.
    Unavailable(String),
}

impl Problem {
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::Bad(text.into())
    }

    /// A form that was shown in another session, or by another site.
    pub(super) fn stale() -> Self {
        Self::Forbidden(
            "this form is out of date: go back, load the page again and send it once more".to_owned(),
        )
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Bad(text)
            | Self::Forbidden(text)
            | Self::Missing(text)
            | Self::Conflict(text)
            | Self::TooLarge(text)
            | Self::Invalid(text)
            | Self::Unavailable(text) => text,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Bad(_) => "This request is not understood",
            Self::Forbidden(_) => "This is not allowed",
            Self::Missing(_) => "There is nothing here",
            Self::Conflict(_) => "This is not possible now",
            Self::TooLarge(_) => "This is too large",
            Self::Invalid(_) => "This does not hold",
            Self::Unavailable(_) => "This does not work now",
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status(), layout::plain(self.title(), self.text())).into_response()
    }
}
