//! The flow control window of a connection, of which part is withheld.

use noq_proto::Connection;

/// The most bytes that one reading from noq moves to an inbox. noq gives credit for them at once, against a debt of as many.
pub const STEP_BYTES: u32 = 512;

/// Expects noq's window to be as large as its own at first.
///
/// With `debt`, the bytes that noq reads without giving credit (0 to [`STEP_BYTES`]), the sum of what the other side may have under
/// way and of what is unread is `told + withheld + debt` at all times. It never exceeds the window.
pub struct Credit {
    window: u32,
    /// noq's window, as it was told.
    told: u32,
    /// Bytes in inboxes.
    withheld: u32,
}

impl Credit {
    pub fn new(window_bytes: u32) -> Self {
        let window = window_bytes.saturating_sub(STEP_BYTES);
        Self { window, told: window, withheld: 0 }
    }

    pub fn set_window(&mut self, window_bytes: u32) {
        self.window = window_bytes.saturating_sub(STEP_BYTES);
        self.told = self.window.saturating_sub(self.withheld);
    }

    /// How many bytes the next step may move. What is left with noq after the last one is no more than [`STEP_BYTES`].
    pub fn step(&mut self) -> usize {
        if self.told < STEP_BYTES {
            self.told = self.window.saturating_sub(self.withheld);
        }
        self.told.min(STEP_BYTES) as usize
    }

    pub fn withhold(&mut self, bytes: usize) {
        self.withheld += bytes as u32;
        self.told -= bytes as u32;
    }

    /// Gives back what the application has read, a sixteenth of the window at a time.
    pub fn release(&mut self, bytes: usize) {
        self.withheld -= bytes as u32;
        let free = self.window.saturating_sub(self.withheld);
        if self.withheld == 0 || free.saturating_sub(self.told) >= self.window / 16 {
            self.told = self.told.max(free);
        }
    }

    pub fn tell(&self, connection: &mut Connection) {
        connection.set_receive_window(self.told.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: u32 = 1 << 20;

    #[test]
    fn all_but_a_step_of_the_window_can_be_withheld() {
        let mut credit = Credit::new(WINDOW);
        let mut withheld = 0;
        loop {
            let step = credit.step();
            if step == 0 {
                break;
            }
            withheld += step;
            credit.withhold(step);
        }
        assert_eq!(withheld, (WINDOW - STEP_BYTES) as usize);
        credit.release(withheld);
        assert_eq!(credit.told, WINDOW - STEP_BYTES);
    }

    #[test]
    fn credit_is_given_back_a_sixteenth_of_the_window_at_a_time() {
        let mut credit = Credit::new(WINDOW);
        for _ in 0..1000 {
            credit.withhold(STEP_BYTES as usize);
        }
        let told = credit.told;
        credit.release(1);
        assert_eq!(credit.told, told);
        credit.release(WINDOW as usize / 16);
        assert_eq!(credit.told, told + WINDOW / 16 + 1);
    }
}
