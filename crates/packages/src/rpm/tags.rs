//! Tags and flags of RPM headers, with the names they have in `rpmtag.h`, `rpmds.h` and `rpmfiles.h`.

/// A tag: what an entry of a header is about.
pub(super) type Tag = u32;

pub(super) const HEADERSIGNATURES: Tag = 62;
pub(super) const HEADERIMMUTABLE: Tag = 63;
pub(super) const HEADERI18NTABLE: Tag = 100;

/// Tags of the signature header.
pub(super) mod sig {
    use super::Tag;
    pub(in super::super) const DSA: Tag = 267;
    pub(in super::super) const RSA: Tag = 268;
    pub(in super::super) const SHA1: Tag = 269;
    pub(in super::super) const LONGSIZE: Tag = 270;
    pub(in super::super) const LONGARCHIVESIZE: Tag = 271;
    pub(in super::super) const SHA256: Tag = 273;
    pub(in super::super) const OPENPGP: Tag = 278;
    pub(in super::super) const SIZE: Tag = 1000;
    pub(in super::super) const PGP: Tag = 1002;
    pub(in super::super) const MD5: Tag = 1004;
    pub(in super::super) const GPG: Tag = 1005;
    pub(in super::super) const PAYLOADSIZE: Tag = 1007;
}

pub(super) const NAME: Tag = 1000;
pub(super) const VERSION: Tag = 1001;
pub(super) const RELEASE: Tag = 1002;
pub(super) const EPOCH: Tag = 1003;
pub(super) const SUMMARY: Tag = 1004;
pub(super) const DESCRIPTION: Tag = 1005;
pub(super) const BUILDTIME: Tag = 1006;
pub(super) const BUILDHOST: Tag = 1007;
pub(super) const SIZE: Tag = 1009;
pub(super) const DISTRIBUTION: Tag = 1010;
pub(super) const VENDOR: Tag = 1011;
pub(super) const LICENSE: Tag = 1014;
pub(super) const PACKAGER: Tag = 1015;
pub(super) const GROUP: Tag = 1016;
pub(super) const URL: Tag = 1020;
pub(super) const OS: Tag = 1021;
pub(super) const ARCH: Tag = 1022;
pub(super) const PREIN: Tag = 1023;
pub(super) const POSTIN: Tag = 1024;
pub(super) const PREUN: Tag = 1025;
pub(super) const POSTUN: Tag = 1026;
pub(super) const OLDFILENAMES: Tag = 1027;
pub(super) const FILESIZES: Tag = 1028;
pub(super) const FILEMODES: Tag = 1030;
pub(super) const FILERDEVS: Tag = 1033;
pub(super) const FILEMTIMES: Tag = 1034;
pub(super) const FILEDIGESTS: Tag = 1035;
pub(super) const FILELINKTOS: Tag = 1036;
pub(super) const FILEFLAGS: Tag = 1037;
pub(super) const FILEUSERNAME: Tag = 1039;
pub(super) const FILEGROUPNAME: Tag = 1040;
pub(super) const SOURCERPM: Tag = 1044;
pub(super) const FILEVERIFYFLAGS: Tag = 1045;
pub(super) const PROVIDENAME: Tag = 1047;
pub(super) const REQUIREFLAGS: Tag = 1048;
pub(super) const REQUIRENAME: Tag = 1049;
pub(super) const REQUIREVERSION: Tag = 1050;
pub(super) const NOSOURCE: Tag = 1051;
pub(super) const NOPATCH: Tag = 1052;
pub(super) const CONFLICTFLAGS: Tag = 1053;
pub(super) const CONFLICTNAME: Tag = 1054;
pub(super) const CONFLICTVERSION: Tag = 1055;
pub(super) const RPMVERSION: Tag = 1064;
pub(super) const TRIGGERSCRIPTS: Tag = 1065;
pub(super) const TRIGGERNAME: Tag = 1066;
pub(super) const TRIGGERFLAGS: Tag = 1068;
pub(super) const TRIGGERINDEX: Tag = 1069;
pub(super) const VERIFYSCRIPT: Tag = 1079;
pub(super) const CHANGELOGTIME: Tag = 1080;
pub(super) const CHANGELOGNAME: Tag = 1081;
pub(super) const CHANGELOGTEXT: Tag = 1082;
pub(super) const PREINPROG: Tag = 1085;
pub(super) const POSTINPROG: Tag = 1086;
pub(super) const PREUNPROG: Tag = 1087;
pub(super) const POSTUNPROG: Tag = 1088;
pub(super) const OBSOLETENAME: Tag = 1090;
pub(super) const VERIFYSCRIPTPROG: Tag = 1091;
pub(super) const TRIGGERSCRIPTPROG: Tag = 1092;
pub(super) const FILEDEVICES: Tag = 1095;
pub(super) const FILEINODES: Tag = 1096;
pub(super) const FILELANGS: Tag = 1097;
pub(super) const PROVIDEFLAGS: Tag = 1112;
pub(super) const PROVIDEVERSION: Tag = 1113;
pub(super) const OBSOLETEFLAGS: Tag = 1114;
pub(super) const OBSOLETEVERSION: Tag = 1115;
pub(super) const DIRINDEXES: Tag = 1116;
pub(super) const BASENAMES: Tag = 1117;
pub(super) const DIRNAMES: Tag = 1118;
pub(super) const OPTFLAGS: Tag = 1122;
pub(super) const PAYLOADFORMAT: Tag = 1124;
pub(super) const PAYLOADCOMPRESSOR: Tag = 1125;
pub(super) const PAYLOADFLAGS: Tag = 1126;
pub(super) const PLATFORM: Tag = 1132;
pub(super) const FILECOLORS: Tag = 1140;
pub(super) const FILECLASS: Tag = 1141;
pub(super) const CLASSDICT: Tag = 1142;
pub(super) const PRETRANS: Tag = 1151;
pub(super) const POSTTRANS: Tag = 1152;
pub(super) const PRETRANSPROG: Tag = 1153;
pub(super) const POSTTRANSPROG: Tag = 1154;
pub(super) const LONGFILESIZES: Tag = 5008;
pub(super) const LONGSIZE: Tag = 5009;
pub(super) const FILEDIGESTALGO: Tag = 5011;
pub(super) const RECOMMENDNAME: Tag = 5046;
pub(super) const RECOMMENDVERSION: Tag = 5047;
pub(super) const RECOMMENDFLAGS: Tag = 5048;
pub(super) const SUGGESTNAME: Tag = 5049;
pub(super) const SUGGESTVERSION: Tag = 5050;
pub(super) const SUGGESTFLAGS: Tag = 5051;
pub(super) const SUPPLEMENTNAME: Tag = 5052;
pub(super) const SUPPLEMENTVERSION: Tag = 5053;
pub(super) const SUPPLEMENTFLAGS: Tag = 5054;
pub(super) const ENHANCENAME: Tag = 5055;
pub(super) const ENHANCEVERSION: Tag = 5056;
pub(super) const ENHANCEFLAGS: Tag = 5057;
pub(super) const ENCODING: Tag = 5062;
pub(super) const FILETRIGGERSCRIPTS: Tag = 5066;
pub(super) const FILETRIGGERSCRIPTPROG: Tag = 5067;
pub(super) const FILETRIGGERNAME: Tag = 5069;
pub(super) const FILETRIGGERINDEX: Tag = 5070;
pub(super) const FILETRIGGERFLAGS: Tag = 5072;
pub(super) const TRANSFILETRIGGERSCRIPTS: Tag = 5076;
pub(super) const TRANSFILETRIGGERSCRIPTPROG: Tag = 5077;
pub(super) const TRANSFILETRIGGERNAME: Tag = 5079;
pub(super) const TRANSFILETRIGGERINDEX: Tag = 5080;
pub(super) const TRANSFILETRIGGERFLAGS: Tag = 5082;
pub(super) const PAYLOADDIGEST: Tag = 5092;
pub(super) const PAYLOADDIGESTALGO: Tag = 5093;
/// Of the uncompressed payload; read where others wrote it.
pub(super) const PAYLOADDIGESTALT: Tag = 5097;
pub(super) const PREUNTRANS: Tag = 5103;
pub(super) const POSTUNTRANS: Tag = 5104;
pub(super) const PREUNTRANSPROG: Tag = 5105;
pub(super) const POSTUNTRANSPROG: Tag = 5106;

/// `PGPHASHALGO_SHA256`, in `FILEDIGESTALGO` and `PAYLOADDIGESTALGO`.
pub(super) const SHA256: u32 = 8;

/// Flags of a dependency (`RPMSENSE_*`).
pub(super) mod sense {
    pub(in super::super) const ANY: u32 = 0;
    pub(in super::super) const LESS: u32 = 1 << 1;
    pub(in super::super) const GREATER: u32 = 1 << 2;
    pub(in super::super) const EQUAL: u32 = 1 << 3;
    pub(in super::super) const POSTTRANS: u32 = 1 << 5;
    pub(in super::super) const PRETRANS: u32 = 1 << 7;
    pub(in super::super) const INTERP: u32 = 1 << 8;
    pub(in super::super) const SCRIPT_PRE: u32 = 1 << 9;
    pub(in super::super) const SCRIPT_POST: u32 = 1 << 10;
    pub(in super::super) const SCRIPT_PREUN: u32 = 1 << 11;
    pub(in super::super) const SCRIPT_POSTUN: u32 = 1 << 12;
    pub(in super::super) const SCRIPT_VERIFY: u32 = 1 << 13;
    pub(in super::super) const FIND_REQUIRES: u32 = 1 << 14;
    pub(in super::super) const FIND_PROVIDES: u32 = 1 << 15;
    pub(in super::super) const TRIGGERIN: u32 = 1 << 16;
    pub(in super::super) const TRIGGERUN: u32 = 1 << 17;
    pub(in super::super) const TRIGGERPOSTUN: u32 = 1 << 18;
    pub(in super::super) const RPMLIB: u32 = 1 << 24;
    pub(in super::super) const TRIGGERPREIN: u32 = 1 << 25;
    pub(in super::super) const CONFIG: u32 = 1 << 28;
}

/// Flags of a file (`RPMFILE_*`).
pub(super) mod file {
    pub(in super::super) const CONFIG: u32 = 1;
    pub(in super::super) const DOC: u32 = 1 << 1;
    pub(in super::super) const MISSINGOK: u32 = 1 << 3;
    pub(in super::super) const NOREPLACE: u32 = 1 << 4;
    pub(in super::super) const SPECFILE: u32 = 1 << 5;
    pub(in super::super) const GHOST: u32 = 1 << 6;
    pub(in super::super) const LICENSE: u32 = 1 << 7;
    pub(in super::super) const README: u32 = 1 << 8;
    pub(in super::super) const PUBKEY: u32 = 1 << 11;
    pub(in super::super) const ARTIFACT: u32 = 1 << 12;
}

/// What `rpm -V` compares (`RPMVERIFY_*`).
pub(super) mod verify {
    pub(in super::super) const ALL: u32 = u32::MAX;
    const FILEDIGEST: u32 = 1;
    const FILESIZE: u32 = 1 << 1;
    const LINKTO: u32 = 1 << 2;
    const MTIME: u32 = 1 << 5;
    /// Of a file that the package does not ship: only who owns it and what it is.
    pub(in super::super) const GHOST: u32 = ALL & !(FILEDIGEST | FILESIZE | LINKTO | MTIME);
}

/// Type bits of a file's mode (`stat(2)`).
pub(super) mod mode {
    pub(in super::super) const TYPE: u16 = 0o170_000;
    pub(in super::super) const DIRECTORY: u16 = 0o040_000;
    pub(in super::super) const REGULAR: u16 = 0o100_000;
    pub(in super::super) const SYMLINK: u16 = 0o120_000;
}
