/**
 * The language's official test suite in the form in which its package has it: protobuf messages as JSON. The package's own types would
 * need the protobuf runtime.
 */
export interface SuiteType {
  readonly primitive?: "BOOL" | "INT64" | "UINT64" | "DOUBLE" | "STRING" | "BYTES";
  readonly null?: null;
  readonly dyn?: object;
  readonly wellKnown?: "DURATION" | "TIMESTAMP" | "ANY";
  readonly listType?: { readonly elemType: SuiteType };
  readonly mapType?: { readonly keyType: SuiteType; readonly valueType: SuiteType };
  readonly messageType?: string;
  readonly abstractType?: { readonly name: string; readonly parameterTypes: readonly SuiteType[] };
}

export interface SuiteValue {
  readonly nullValue?: null;
  readonly boolValue?: boolean;
  readonly int64Value?: string;
  readonly uint64Value?: string;
  readonly doubleValue?: number | string;
  readonly stringValue?: string;
  /** Base64. */
  readonly bytesValue?: string;
  readonly typeValue?: string;
  readonly listValue?: { readonly values?: readonly SuiteValue[] };
  readonly mapValue?: { readonly entries?: readonly { readonly key: SuiteValue; readonly value: SuiteValue }[] };
  readonly objectValue?: { readonly "@type": string; readonly value?: unknown };
}

export interface SuiteCase {
  readonly original: {
    readonly name: string;
    readonly expr: string;
    readonly container?: string;
    readonly disableCheck?: boolean;
    readonly checkOnly?: boolean;
    readonly typeEnv?: readonly { readonly name: string; readonly ident?: { readonly type: SuiteType } }[];
    readonly bindings?: Readonly<Record<string, { readonly value: SuiteValue }>>;
    readonly value?: SuiteValue;
    readonly typedResult?: { readonly result?: SuiteValue; readonly deducedType: SuiteType };
    readonly evalError?: object;
  };
  /** As cel-go writes the type of the expression. */
  readonly type?: string;
}

export interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly SuiteCase[];
}

/** A case with its place: `lists/index`. */
export interface PlacedCase {
  readonly place: string;
  readonly test: SuiteCase;
}

export function casesOf(suite: Suite, place = ""): PlacedCase[] {
  const inner = (suite.suites ?? []).flatMap((part) => casesOf(part, place === "" ? part.name : `${place}/${part.name}`));
  return [...inner, ...(suite.tests ?? []).map((test) => ({ place, test }))];
}
