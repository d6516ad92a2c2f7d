//! Forms that pages of ours send: read within limits, and refused when they are not of this session.

use super::problem::Problem;
use super::session::Session;
use axum::Form;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;

/// A file that was sent with a form.
pub(super) struct Upload {
    /// Its name without folders.
    pub(super) name: String,
    /// Its content.
    pub(super) bytes: Bytes,
}

/// A form of this session.
pub(super) struct Sent {
    fields: Vec<(String, String)>,
    /// The file, if one was chosen.
    pub(super) file: Option<Upload>,
}

/// Name of the field that proves where a form comes from.
pub(super) const TOKEN: &str = "token";

impl Sent {
    /// The value of a field, trimmed; empty when it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.trim())
    }

    /// The value of a field exactly as it was entered, for secrets and for texts of several lines.
    pub(super) fn exact(&self, name: &str) -> &str {
        self.fields.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    /// All fields but the token, in their order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.fields.iter().filter(|(name, _)| name != TOKEN);
        own.map(|(name, value)| (name.as_str(), value.trim()))
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let session = request.extensions().get::<Session>().cloned();
        let session = session.ok_or_else(|| Problem::Forbidden("this form has no session".to_owned()))?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let sent = if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            let multipart = Multipart::from_request(request, state).await;
            read_parts(multipart.map_err(|error| Problem::bad(error.body_text()))?, &session).await?
        } else {
            let form = Form::<Vec<(String, String)>>::from_request(request, state).await;
            let Form(fields) = form.map_err(|error| Problem::bad(error.body_text()))?;
            Self { fields, file: None }
        };
        if session.sent(sent.exact(TOKEN)) { Ok(sent) } else { Err(Problem::stale()) }
    }
}

/// The token comes first, so that a file of somebody else is not even read.
async fn read_parts(mut parts: Multipart, session: &Session) -> Result<Sent, Problem> {
    let mut sent = Sent { fields: Vec::new(), file: None };
    let bad = |error: axum::extract::multipart::MultipartError| match error.status().as_u16() {
        413 => Problem::TooLarge(error.body_text()),
        _ => Problem::bad(error.body_text()),
    };
    while let Some(part) = parts.next_field().await.map_err(bad)? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(|name| base_name(name).to_owned()) {
            Some(_) if !session.sent(sent.exact(TOKEN)) => return Err(Problem::stale()),
            Some(file) => {
                let bytes = part.bytes().await.map_err(bad)?;
                if !file.is_empty() {
                    sent.file = Some(Upload { name: file, bytes });
                }
            }
            None => sent.fields.push((name, part.text().await.map_err(bad)?)),
        }
    }
    Ok(sent)
}

/// Browsers may send the whole path, and others may send anything.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}
