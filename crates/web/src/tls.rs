//! TLS: certificates from files, read again when the files change.
//!
//! TLS 1.2 and 1.3 with the suites of rustls, which are those that TAXII 2.1 §8.2.2 allows; no early data (0-RTT).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};

use crate::WebSettings;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Why there is no TLS.
#[derive(Debug)]
pub enum TlsError {
    /// One of certificate and key is set without the other.
    Half,
    /// A file cannot be read, or holds nothing of the kind.
    File(PathBuf, String),
    /// What the files hold does not go together.
    Together(String),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsError::Half => f.write_str("a TLS certificate and its key are set together or not at all"),
            TlsError::File(path, why) => write!(f, "`{}`: {why}", path.display()),
            TlsError::Together(why) => write!(f, "the TLS files do not go together: {why}"),
        }
    }
}

impl std::error::Error for TlsError {}

/// The TLS of a server, as the files have it now.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    current: RwLock<Arc<ServerConfig>>,
}

#[derive(Debug, Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    client_authorities: Option<PathBuf>,
}

impl Tls {
    /// Reads the files that the settings name; `None` when they name none.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn load(settings: &WebSettings) -> Result<Option<Arc<Tls>>, TlsError> {
        let (certificate, key) = match (&settings.tls_certificate, &settings.tls_key) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            (None, None) if settings.tls_client_authorities.is_none() => return Ok(None),
            _ => return Err(TlsError::Half),
        };
        let files = Files { certificate, key, client_authorities: settings.tls_client_authorities.clone() };
        let current = RwLock::new(files.read()?);
        Ok(Some(Arc::new(Tls { files, current })))
    }

    /// The configuration for the next connection. Connections that are open keep theirs.
    #[must_use]
    pub fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the files for ever, and reads them again when they have changed. What cannot be used is told once, and
    /// the last good configuration stays.
    pub async fn watch(self: Arc<Tls>) {
        let mut known = self.files.stamps();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.files.stamps();
            if now == known {
                continue;
            }
            known = now;
            match self.files.read() {
                Ok(config) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
                    tracing::info!("the TLS certificate was read again");
                }
                Err(error) => {
                    tracing::error!(%error, "the changed TLS files cannot be used; the old ones stay")
                }
            }
        }
    }
}

impl Files {
    // A certificate and its key change one after the other; between the two they do not match, and reading fails, and
    // the second change is seen as well.
    fn stamps(&self) -> Vec<Option<(SystemTime, u64)>> {
        let paths = [Some(&self.certificate), Some(&self.key), self.client_authorities.as_ref()];
        let stamp = |path: &PathBuf| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        paths.into_iter().flatten().map(stamp).collect()
    }

    fn read(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let together = |error: &dyn fmt::Display| TlsError::Together(error.to_string());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let chain = certificates(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| TlsError::File(self.key.clone(), error.to_string()))?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| together(&error))?;
        let builder = match &self.client_authorities {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates(path)? {
                    roots.add(authority).map_err(|error| TlsError::File(path.clone(), error.to_string()))?;
                }
                // A certificate is one way to show who one is; a client without one may have a token.
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(|error| together(&error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| together(&error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // TAXII 2.1 §8.2.2: "It MUST NOT use the 0-RTT feature of TLS 1.3."
        config.max_early_data_size = 0;
        Ok(Arc::new(config))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |why: String| TlsError::File(path.to_owned(), why);
    let read: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?.collect();
    let found = read.map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() { Err(wrong("there is no certificate in it".to_owned())) } else { Ok(found) }
}
