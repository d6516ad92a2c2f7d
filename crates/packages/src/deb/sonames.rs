//! Shared libraries and the Debian packages that hold them.
//!
//! Taken from the `symbols` control files of Debian 12 and the package lists of Debian 11 to 13; a name with `|`
//! names what a library is called since the change to 64-bit times (Debian 13, Ubuntu 24.04) and before it.

/// How a package's lowest version follows from the symbol versions that are asked of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// It does not: the library's name alone says enough.
    Any,
    /// The number after this prefix, `_` read as a full stop: `GLIBC_2.34` → `2.34`.
    Number(&'static str),
    /// As [`Since::Number`], behind an epoch.
    Epoch(u32, &'static str),
    /// By a table of symbol versions.
    Table(&'static [(&'static str, &'static str)]),
}

use Since::{Any, Epoch, Number, Table};

/// `libstdc++.so.6`: the release of GCC that brought a symbol version, as Debian's package records it.
const LIBSTDCXX: &[(&str, &str)] = &[
    ("GLIBCXX_3.4.21", "5.2"),
    ("GLIBCXX_3.4.22", "6"),
    ("GLIBCXX_3.4.23", "7"),
    ("GLIBCXX_3.4.24", "7"),
    ("GLIBCXX_3.4.25", "8"),
    ("GLIBCXX_3.4.26", "9"),
    ("GLIBCXX_3.4.27", "9.2"),
    ("GLIBCXX_3.4.28", "9.3"),
    ("GLIBCXX_3.4.29", "11"),
    ("GLIBCXX_3.4.30", "12"),
    ("GLIBCXX_3.4.31", "13.1"),
    ("GLIBCXX_3.4.32", "13.2"),
    ("GLIBCXX_3.4.33", "14"),
    ("GLIBCXX_3.4.34", "15"),
    ("CXXABI_1.3.9", "5.2"),
    ("CXXABI_1.3.10", "6"),
    ("CXXABI_1.3.11", "7"),
    ("CXXABI_1.3.12", "9"),
    ("CXXABI_1.3.13", "11"),
    ("CXXABI_1.3.14", "13.1"),
    ("CXXABI_1.3.15", "14"),
    ("CXXABI_1.3.16", "15"),
];

/// Every `GLIBCXX_3.4.20` and `CXXABI_1.3.8` or older: older than any release that is still in use.
pub(super) const LIBSTDCXX_OLDEST: &str = "4.9";

/// glibc's symbol versions beside `GLIBC_x.y`.
pub(super) const GLIBC_SPECIAL: &[(&str, &str)] =
    &[("GLIBC_ABI_DT_RELR", "2.36"), ("GLIBC_ABI_GNU2_TLS", "2.41")];

/// Library, package, version rule.
const LIBRARIES: &[(&str, &str, Since)] = &[
    ("libEGL.so.1", "libegl1", Any),
    ("libGL.so.1", "libgl1", Any),
    ("libX11.so.6", "libx11-6", Any),
    ("libXext.so.6", "libxext6", Any),
    ("libXi.so.6", "libxi6", Any),
    ("libXrandr.so.2", "libxrandr2", Any),
    ("libacl.so.1", "libacl1", Any),
    ("libasound.so.2", "libasound2t64 | libasound2", Any),
    ("libatomic.so.1", "libatomic1", Any),
    ("libattr.so.1", "libattr1", Any),
    ("libavahi-client.so.3", "libavahi-client3", Any),
    ("libavahi-common.so.3", "libavahi-common3", Any),
    ("libblkid.so.1", "libblkid1", Number("BLKID_")),
    ("libbz2.so.1.0", "libbz2-1.0", Any),
    ("libcap.so.2", "libcap2", Any),
    ("libcom_err.so.2", "libcom-err2", Any),
    ("libcrypt.so.1", "libcrypt1", Any),
    ("libcrypto.so.1.1", "libssl1.1", Number("OPENSSL_")),
    ("libcrypto.so.3", "libssl3t64 | libssl3", Number("OPENSSL_")),
    ("libcurl-gnutls.so.4", "libcurl3t64-gnutls | libcurl3-gnutls", Any),
    ("libcurl.so.4", "libcurl4t64 | libcurl4", Any),
    ("libdbus-1.so.3", "libdbus-1-3", Any),
    ("libelf.so.1", "libelf1t64 | libelf1", Any),
    ("libexpat.so.1", "libexpat1", Any),
    ("libffi.so.7", "libffi7", Any),
    ("libffi.so.8", "libffi8", Any),
    ("libfontconfig.so.1", "libfontconfig1", Any),
    ("libfreetype.so.6", "libfreetype6", Any),
    ("libfuse.so.2", "libfuse2t64 | libfuse2", Any),
    ("libfuse3.so.3", "libfuse3-3", Any),
    ("libgcc_s.so.1", "libgcc-s1", Number("GCC_")),
    ("libgio-2.0.so.0", "libglib2.0-0t64 | libglib2.0-0", Any),
    ("libglib-2.0.so.0", "libglib2.0-0t64 | libglib2.0-0", Any),
    ("libgmp.so.10", "libgmp10", Any),
    ("libgnutls.so.30", "libgnutls30t64 | libgnutls30", Any),
    ("libgobject-2.0.so.0", "libglib2.0-0t64 | libglib2.0-0", Any),
    ("libgomp.so.1", "libgomp1", Any),
    ("libgssapi_krb5.so.2", "libgssapi-krb5-2", Any),
    ("libkrb5.so.3", "libkrb5-3", Any),
    ("liblz4.so.1", "liblz4-1", Any),
    ("liblzma.so.5", "liblzma5", Number("XZ_")),
    ("libmariadb.so.3", "libmariadb3", Any),
    ("libmount.so.1", "libmount1", Number("MOUNT_")),
    ("libncursesw.so.6", "libncursesw6", Any),
    ("libnl-3.so.200", "libnl-3-200", Any),
    ("libnl-genl-3.so.200", "libnl-genl-3-200", Any),
    ("libodbc.so.2", "libodbc2 | libodbc1", Any),
    ("libpam.so.0", "libpam0g", Any),
    ("libpcap.so.0.8", "libpcap0.8t64 | libpcap0.8", Any),
    ("libpcre2-8.so.0", "libpcre2-8-0", Any),
    ("libpcsclite.so.1", "libpcsclite1", Any),
    ("libpq.so.5", "libpq5", Any),
    ("libreadline.so.8", "libreadline8t64 | libreadline8", Any),
    ("libseccomp.so.2", "libseccomp2", Any),
    ("libselinux.so.1", "libselinux1", Any),
    ("libsqlite3.so.0", "libsqlite3-0", Any),
    ("libssl.so.1.1", "libssl1.1", Number("OPENSSL_")),
    ("libssl.so.3", "libssl3t64 | libssl3", Number("OPENSSL_")),
    ("libstdc++.so.6", "libstdc++6", Table(LIBSTDCXX)),
    ("libsystemd.so.0", "libsystemd0", Number("LIBSYSTEMD_")),
    ("libtinfo.so.6", "libtinfo6", Any),
    ("libudev.so.1", "libudev1", Number("LIBUDEV_")),
    ("libusb-1.0.so.0", "libusb-1.0-0", Any),
    ("libuuid.so.1", "libuuid1", Any),
    ("libwayland-client.so.0", "libwayland-client0", Any),
    ("libxcb.so.1", "libxcb1", Any),
    ("libxkbcommon.so.0", "libxkbcommon0", Any),
    ("libxml2.so.2", "libxml2", Any),
    ("libz.so.1", "zlib1g", Epoch(1, "ZLIB_")),
    ("libzstd.so.1", "libzstd1", Any),
];

/// Libraries of glibc itself; the dynamic linkers are found by their prefix.
const GLIBC: &[&str] = &[
    "libBrokenLocale.so.1",
    "libanl.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libmvec.so.1",
    "libnsl.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libthread_db.so.1",
    "libutil.so.1",
];

/// The package of a shared library and its version rule, or `None` where Landfall does not know it.
pub(super) fn package(soname: &str) -> Option<(&'static str, Since)> {
    if GLIBC.contains(&soname) || soname.starts_with("ld-linux") || soname.starts_with("ld64.so") {
        return Some(("libc6", Number("GLIBC_")));
    }
    if soname == "libc.so" || soname.starts_with("libc.musl-") || soname.starts_with("ld-musl-") {
        return Some(("musl", Any));
    }
    LIBRARIES.iter().find(|(name, ..)| *name == soname).map(|&(_, package, since)| (package, since))
}
