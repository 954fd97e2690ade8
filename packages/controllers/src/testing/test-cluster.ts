import { createSeededRandom, silentLogger, VirtualClock } from "@coracle/base";
import { createClient, createFakeTransport, type Client, type FakeTransport } from "@coracle/client";
import { createManager, type ControllerFactory } from "@coracle/operator";

export interface TestCluster extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly transport: FakeTransport;
  readonly client: Client;
  /** Lets everything that is due happen. */
  settle(): Promise<void>;
}

/** Controllers at work on a fake API server, in virtual time. For tests. `prepare` fills the server before they start. */
export async function startTestCluster(
  factories: readonly ControllerFactory[],
  prepare: (transport: FakeTransport) => void = () => undefined,
): Promise<TestCluster> {
  const clock = new VirtualClock();
  const transport = createFakeTransport({ clock });
  prepare(transport);
  const client = createClient({ transport, clock, log: silentLogger });
  const manager = createManager({ client, clock, random: createSeededRandom(1), log: silentLogger });
  for (const factory of factories) manager.add(factory);
  await manager.start();
  await clock.advance(0);
  return { clock, transport, client, settle: () => clock.advance(0), [Symbol.asyncDispose]: () => manager.stop() };
}
