// The time line that all views share: a frame number, which may lie between frames while the movement plays.
class Clock {
  constructor(frames, rate_hz, start_s) {
    Object.assign(this, { frames, rate_hz: rate_hz || 1, start_s, frame: 0, playing: false, speed: 1, listeners: [] });
  }
  get last() { return Math.max(this.frames - 1, 0); }
  get time_s() { return this.start_s + this.frame / this.rate_hz; }
  listen(callback) { this.listeners.push(callback); }
  tell() { for (const listener of this.listeners) listener(); }
  set(frame) {
    this.frame = Math.min(Math.max(Math.round(frame), 0), this.last);
    this.exact = this.frame;
    this.tell();
  }
  step(frames) { this.stop(); this.set(this.frame + frames); }
  stop() { if (this.playing) { this.playing = false; this.tell(); } }
  play() {
    if (this.playing || this.frames < 2) return;
    this.playing = true;
    this.exact = this.frame >= this.last ? 0 : this.frame;
    let before = null;
    const tick = (now) => {
      if (!this.playing) return;
      if (before !== null) this.exact += ((now - before) / 1000) * this.rate_hz * this.speed;
      before = now;
      if (this.exact > this.last) this.exact = 0;
      const frame = Math.floor(this.exact);
      if (frame !== this.frame) { this.frame = frame; this.tell(); }
      requestAnimationFrame(tick);
    };
    this.tell();
    requestAnimationFrame(tick);
  }
  toggle() { if (this.playing) this.stop(); else this.play(); }
}
