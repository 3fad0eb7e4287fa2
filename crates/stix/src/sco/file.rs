//! §6.1, §6.3, §6.7: artifacts, directories and files, with the extensions of files.

use crate::finding::{Findings, Path};
use crate::types::{
    Binary, CharacterSet, Count, DictionaryOfIntegersAndStrings, DictionaryOfStrings, Flag, Float, Hashes,
    Hex, Integer, List, MediaType, Reference, Rule, SecondTime, Term, Text, Time, ToArtifact, ToDirectory,
    ToFileOrDirectory, ToObservable, Url,
};
use crate::vocab::{EncryptionAlgorithm, WindowsPeBinaryType};
use strictjson::Object;

object! {
    /// Bytes, or where they are (§6.1).
    Artifact, ARTIFACT: "artifact", "STIX 2.1 §6.1" {
        optional mime_type: MediaType,
        optional payload_bin: Binary,
        optional url: Url,
        optional hashes: Hashes,
        optional encryption_algorithm: Term<EncryptionAlgorithm>,
        optional decryption_key: Text,
    }
    rules [
        Rule::OneOf(&["payload_bin", "url"]),
        Rule::NotBoth("payload_bin", "url"),
        Rule::Needs("url", "hashes"),
        Rule::Needs("decryption_key", "encryption_algorithm"),
    ]
}

object! {
    /// A directory of a file system (§6.3).
    Directory, DIRECTORY: "directory", "STIX 2.1 §6.3" {
        required path: Text,
        optional path_enc: CharacterSet,
        optional ctime: Time,
        optional mtime: Time,
        optional atime: Time,
        optional contains_refs: List<Reference<ToFileOrDirectory>>,
    }
    rules []
}

object! {
    /// A file (§6.7).
    File, FILE: "file", "STIX 2.1 §6.7" {
        optional hashes: Hashes,
        optional size: Count,
        optional name: Text,
        optional name_enc: CharacterSet,
        optional magic_number_hex: Hex,
        optional mime_type: MediaType,
        optional ctime: Time,
        optional mtime: Time,
        optional atime: Time,
        optional parent_directory_ref: Reference<ToDirectory>,
        optional contains_refs: List<Reference<ToObservable>>,
        optional content_ref: Reference<ToArtifact>,
    }
    rules [Rule::OneOf(&["hashes", "name"]), Rule::Needs("name_enc", "name")]
}

shape! {
    /// What an archive holds (§6.7.2).
    ArchiveExtension, ARCHIVE_EXT: "archive-ext", "STIX 2.1 §6.7.2" {
        required contains_refs: List<Reference<ToFileOrDirectory>>,
        optional comment: Text,
    }
    rules []
}

shape! {
    /// A file on NTFS (§6.7.3).
    NtfsExtension, NTFS_EXT: "ntfs-ext", "STIX 2.1 §6.7.3" {
        optional sid: Text,
        optional alternate_data_streams: List<AlternateDataStream<'static>>,
    }
    rules [Rule::NotEmpty]
}

shape! {
    /// An alternate data stream of NTFS (§6.7.3.2).
    AlternateDataStream, ALTERNATE_DATA_STREAM: "alternate-data-stream-type", "STIX 2.1 §6.7.3.2" {
        required name: Text,
        optional hashes: Hashes,
        optional size: Count,
    }
    rules []
}

shape! {
    /// A PDF file (§6.7.4).
    PdfExtension, PDF_EXT: "pdf-ext", "STIX 2.1 §6.7.4" {
        optional version: Text,
        optional is_optimized: Flag,
        optional document_info_dict: DictionaryOfStrings,
        optional pdfid0: Text,
        optional pdfid1: Text,
    }
    rules [Rule::NotEmpty]
}

shape! {
    /// A raster image (§6.7.5).
    RasterImageExtension, RASTER_IMAGE_EXT: "raster-image-ext", "STIX 2.1 §6.7.5" {
        optional image_height: Integer,
        optional image_width: Integer,
        optional bits_per_pixel: Integer,
        optional exif_tags: DictionaryOfIntegersAndStrings,
    }
    rules [Rule::NotEmpty]
}

shape! {
    /// A portable executable of Windows (§6.7.6).
    WindowsPeBinaryExtension, WINDOWS_PEBINARY_EXT: "windows-pebinary-ext", "STIX 2.1 §6.7.6" {
        required pe_type: Term<WindowsPeBinaryType>,
        optional imphash: Text,
        optional machine_hex: Hex,
        optional number_of_sections: Count,
        optional time_date_stamp: SecondTime,
        optional pointer_to_symbol_table_hex: Hex,
        optional number_of_symbols: Count,
        optional size_of_optional_header: Count,
        optional characteristics_hex: Hex,
        optional file_header_hashes: Hashes,
        optional optional_header: WindowsPeOptionalHeader<'static>,
        optional sections: List<WindowsPeSection<'static>>,
    }
    rules [Rule::Own(more_than_pe_type)]
}

/// §6.7.6: at least one property beside `pe_type`.
fn more_than_pe_type(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    let beside = |name: &str| {
        name != "pe_type" && WINDOWS_PEBINARY_EXT.properties.iter().any(|property| property.name == name)
    };
    if !object.iter().any(|member| beside(&member.key)) {
        findings.must(path, "empty-object", clause, || "a property beside `pe_type` must be there".into());
    }
}

shape! {
    /// The optional header of a portable executable (§6.7.6.2).
    WindowsPeOptionalHeader, WINDOWS_PE_OPTIONAL_HEADER: "windows-pe-optional-header-type", "STIX 2.1 §6.7.6.2" {
        optional magic_hex: Hex,
        optional major_linker_version: Integer,
        optional minor_linker_version: Integer,
        optional size_of_code: Count,
        optional size_of_initialized_data: Count,
        optional size_of_uninitialized_data: Count,
        optional address_of_entry_point: Integer,
        optional base_of_code: Integer,
        optional base_of_data: Integer,
        optional image_base: Integer,
        optional section_alignment: Integer,
        optional file_alignment: Integer,
        optional major_os_version: Integer,
        optional minor_os_version: Integer,
        optional major_image_version: Integer,
        optional minor_image_version: Integer,
        optional major_subsystem_version: Integer,
        optional minor_subsystem_version: Integer,
        optional win32_version_value_hex: Hex,
        optional size_of_image: Count,
        optional size_of_headers: Count,
        optional checksum_hex: Hex,
        optional subsystem_hex: Hex,
        optional dll_characteristics_hex: Hex,
        optional size_of_stack_reserve: Count,
        optional size_of_stack_commit: Count,
        optional size_of_heap_reserve: Count,
        optional size_of_heap_commit: Count,
        optional loader_flags_hex: Hex,
        optional number_of_rva_and_sizes: Integer,
        optional hashes: Hashes,
    }
    rules [Rule::NotEmpty]
}

shape! {
    /// A section of a portable executable (§6.7.6.3).
    WindowsPeSection, WINDOWS_PE_SECTION: "windows-pe-section-type", "STIX 2.1 §6.7.6.3" {
        required name: Text,
        optional size: Count,
        optional entropy: Float,
        optional hashes: Hashes,
    }
    rules []
}
