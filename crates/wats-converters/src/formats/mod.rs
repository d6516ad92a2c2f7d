//! One file per format. A new format is a file here and a line in the list.

mod atml;
mod csv;
mod gr228x;
mod i3070;
mod klippel;
mod seica;
mod spea;
mod spectrum;
mod testexec_sl;
mod teststand;
mod wsjf;
mod wstf;
mod wsxf;
mod xjtag;

use crate::Converter;

/// Name of the converter of WATS's own JSON format.
pub(crate) use wsjf::NAME as WSJF;

/// All converters. Of two that are equally sure the first one is taken.
pub fn all() -> &'static [&'static dyn Converter] {
    &[
        &wsjf::Wsjf,
        &wsxf::Wsxf,
        &wsxf::Wrml,
        &wstf::Wstf,
        &atml::Atml,
        &teststand::TestStand,
        &spea::Spea,
        &i3070::I3070,
        &spectrum::Spectrum,
        &gr228x::Gr228x,
        &seica::Seica,
        &klippel::Klippel,
        &xjtag::Xjtag,
        &testexec_sl::TestExecSl,
        &csv::Csv,
    ]
}
