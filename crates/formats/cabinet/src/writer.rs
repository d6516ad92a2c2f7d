//! Writing cabinets.

use std::io::{Read, Seek, SeekFrom, Write};

use crate::encoder::Encoder;
use crate::layout::{CFDATA, CfData, MOST_CABINET, RESERVE_PRESENT, SIGNATURE};
use crate::plan::{Plan, reserves};
use crate::{Cabinet, Error, Result};

/// Writes one cabinet, from where the output stands.
///
/// The description comes first, then the content of every file in its order. Memory does not depend on the size of
/// the content. The output holds no valid cabinet before [`Writer::finish`].
pub struct Writer<W: Write + Seek> {
    output: W,
    /// Where the cabinet begins in the output.
    origin: u64,
    plan: Plan,
    threads: usize,
    /// Where the next block begins in the cabinet.
    end: u64,
    /// What is known of the folders: `coffCabStart` and `cCFData`.
    folders: Vec<(u32, u16)>,
    /// The encoder of the folder that is being written.
    encoder: Option<Encoder>,
    /// The next file: its folder, its place in it, and the files before it.
    next: (usize, usize, usize),
    buffer: Vec<u8>,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a cabinet; compresses with up to `threads` threads, whose number does not change the bytes.
    ///
    /// # Errors
    /// When the description breaks a limit of the format: nothing has been written then. When the output fails.
    pub fn new(cabinet: Cabinet, threads: usize, mut output: W) -> Result<Self> {
        let plan = Plan::new(cabinet)?;
        let origin = output.stream_position()?;
        // The tables need what is only known at the end; their room is written so that the output is without gaps.
        std::io::copy(&mut std::io::repeat(0).take(plan.data_at), &mut output)?;
        let end = plan.data_at;
        Ok(Self {
            output,
            origin,
            plan,
            threads,
            end,
            folders: Vec::new(),
            encoder: None,
            next: (0, 0, 0),
            buffer: Vec::new(),
        })
    }

    /// Takes the content of the next file.
    ///
    /// # Errors
    /// When it has not the announced size, when all files have their content, when the cabinet grows past 2 GiB, or
    /// when content or output fail. The cabinet cannot be completed then.
    pub fn append(&mut self, content: impl Read) -> Result<()> {
        let (folder, file, before) = self.next;
        let Some(description) = self.plan.cabinet.folders.get(folder) else {
            return Err(Error::Unfinished { announced: before, appended: before + 1 });
        };
        let mut encoder = match self.encoder.take() {
            Some(encoder) => encoder,
            None => {
                self.folders.push((self.end as u32, 0));
                Encoder::new(description.compression, self.threads)?
            }
        };
        let (name, size) = (description.files[file].name.clone(), description.files[file].size);
        let last = file + 1 == description.files.len();
        self.copy(&name, size, content, &mut encoder)?;
        if last {
            encoder.finish(&mut |content, block| self.emit(content, block))?;
            self.next = (folder + 1, 0, before + 1);
        } else {
            self.encoder = Some(encoder);
            self.next = (folder, file + 1, before + 1);
        }
        Ok(())
    }

    /// Completes the cabinet and returns the output, which stands behind it.
    ///
    /// # Errors
    /// When the content of a file is missing or the output fails.
    pub fn finish(mut self) -> Result<W> {
        let files = self.plan.cabinet.folders.iter().map(|folder| folder.files.len()).sum();
        if self.next.2 != files {
            return Err(Error::Unfinished { announced: files, appended: self.next.2 });
        }
        let tables = self.tables(files);
        self.output.seek(SeekFrom::Start(self.origin))?;
        self.output.write_all(&tables)?;
        self.output.seek(SeekFrom::Start(self.origin + self.end))?;
        self.output.flush()?;
        Ok(self.output)
    }

    fn copy(&mut self, name: &str, size: u64, mut content: impl Read, encoder: &mut Encoder) -> Result<()> {
        let wrong = |more| Error::ContentSize { name: name.into(), announced: size, more };
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(size.clamp(1, 128 << 10) as usize, 0);
        let mut left = size;
        while left > 0 {
            let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let count = match content.read(&mut buffer[..most]) {
                Ok(0) => return Err(wrong(false)),
                Ok(count) => count,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            encoder.write(&buffer[..count], &mut |content, block| self.emit(content, block))?;
            left -= count as u64;
        }
        self.buffer = buffer;
        match std::io::copy(&mut content.take(1), &mut std::io::sink())? {
            0 => Ok(()),
            _ => Err(wrong(true)),
        }
    }

    /// Writes a block.
    fn emit(&mut self, content: u16, block: &[u8]) -> Result<()> {
        let size = self.end + (CFDATA + block.len()) as u64;
        if size > MOST_CABINET {
            return Err(Error::CabinetTooLarge { size });
        }
        self.output.write_all(&CfData::new(block, content).to_bytes())?;
        self.output.write_all(block)?;
        self.end = size;
        // The plan has checked that the blocks of a folder can be counted.
        if let Some((_, blocks)) = self.folders.last_mut() {
            *blocks += 1;
        }
        Ok(())
    }

    /// `CFHEADER` and the tables of folders and files ([MS-CAB] §2.1 to §2.3).
    fn tables(&self, files: usize) -> Vec<u8> {
        let cabinet = &self.plan.cabinet;
        let reserve = reserves(cabinet);
        let mut out = Vec::with_capacity(self.plan.data_at as usize);
        out.extend_from_slice(&SIGNATURE);
        // cbCabinet and coffFiles, each behind a reserved field.
        for field in [0, self.end as u32, 0, self.plan.files_at as u32, 0] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        // versionMinor, versionMajor.
        out.extend_from_slice(&[3, 1]);
        let flags = if reserve { RESERVE_PRESENT } else { 0 };
        for field in [cabinet.folders.len() as u16, files as u16, flags, cabinet.set_id, cabinet.index] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        if reserve {
            out.extend_from_slice(&(cabinet.reserved.len() as u16).to_le_bytes());
            // cbCFFolder, cbCFData.
            out.extend_from_slice(&[cabinet.folders[0].reserved.len() as u8, 0]);
            out.extend_from_slice(&cabinet.reserved);
        }
        for (folder, (offset, blocks)) in cabinet.folders.iter().zip(&self.folders) {
            out.extend_from_slice(&offset.to_le_bytes());
            out.extend_from_slice(&blocks.to_le_bytes());
            out.extend_from_slice(&folder.compression.code().to_le_bytes());
            out.extend_from_slice(&folder.reserved);
        }
        for (number, folder) in cabinet.folders.iter().enumerate() {
            let mut offset = 0_u32;
            for file in &folder.files {
                out.extend_from_slice(&(file.size as u32).to_le_bytes());
                out.extend_from_slice(&offset.to_le_bytes());
                for field in [number as u16, file.modified.date, file.modified.time, file.attributes.0] {
                    out.extend_from_slice(&field.to_le_bytes());
                }
                out.extend_from_slice(file.name.as_bytes());
                out.push(0);
                offset += file.size as u32;
            }
        }
        out
    }
}
