/** Keeps the process alive until disposed: timers of the system's clock do not. */
export function holdProcess(): Disposable {
  // oxlint-disable-next-line no-restricted-globals -- not for time: an armed timer is what Node waits for.
  const timer = setInterval(() => {}, 2 ** 30);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
