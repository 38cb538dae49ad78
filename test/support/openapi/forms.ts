import fc, { type Arbitrary } from '../fast-check.ts';

/** A form as bytes, and the result that the protocol requires. */
export interface SentForm {
  /** How it was made, for readers of a finding. */
  readonly kind: string;
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it must be accepted, must be refused, or is up to the form parser. */
  readonly expected: 'taken' | 'refused' | 'either';
}

interface Part {
  /** Header lines, without their line ends. */
  readonly head: readonly string[];
  readonly bytes: Buffer;
}

const boundary = 'b0undary';
const contentType = `multipart/form-data; boundary=${boundary}`;

const part = (
  name: string,
  filename: string | undefined,
  bytes: Uint8Array,
  type = 'application/octet-stream',
): Part => ({
  head: [
    `Content-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`,
    `Content-Type: ${type}`,
  ],
  bytes: Buffer.from(bytes),
});

function formOf(
  parts: readonly Part[],
  { line = '\r\n', mark = `--${boundary}`, end = `--${boundary}--` } = {},
): Buffer {
  const written = parts.flatMap(({ head, bytes }) => [
    Buffer.from(`${mark}${line}${head.join(line)}${line}${line}`),
    bytes,
    Buffer.from(line),
  ]);
  return Buffer.concat([...written, Buffer.from(`${end}${line}`)]);
}

/** Bytes of a file. `isInside` removes those that would end the part; many look as if they did. */
const contents = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
  fc
    .constantFrom(`--${boundary.slice(0, -1)}`, '\r\n\r\n', '--', '\0', `${boundary}--`, '\r\n-')
    .map((text) => Buffer.from(text)),
);
const isInside = (bytes: Uint8Array) => !Buffer.from(bytes).includes(`--${boundary}`);

/**
 * Forms for an operation that takes files: some are valid, others near misses of each kind.
 * @param extensions of allowed files, with their dots
 * @param mostBytes that a body may have
 */
export function formsOf(extensions: readonly string[], mostBytes: number): Arbitrary<SentForm> {
  const name = fc
    .tuple(fc.stringMatching(/^[\w .,()=&;%+-]{0,60}$/), fc.constantFrom(...extensions), fc.boolean())
    .map(([stem, extension, isLoud]) => `${stem}${isLoud ? extension.toUpperCase() : extension}`);
  const file = fc.tuple(name, contents.filter(isInside)).map(([name, bytes]) => part('files', name, bytes));
  const field = fc.constantFrom(
    part('note', undefined, Buffer.from('of no interest')),
    part('other', 'x.onnx', Buffer.from('x')),
  );
  const right = fc
    .tuple(fc.array(file, { minLength: 1, maxLength: 4 }), fc.array(field, { maxLength: 2 }))
    .map(([files, fields]) => [...fields, ...files]);

  const made = (kind: string, expected: SentForm['expected'], forms: Arbitrary<Buffer>, type = contentType) =>
    forms.map((bytes): SentForm => ({ kind, contentType: type, bytes: new Uint8Array(bytes), expected }));
  const withFile = (kind: string, files: Arbitrary<Part>, expected: SentForm['expected'] = 'refused') =>
    made(
      kind,
      expected,
      fc.tuple(right, files).map(([parts, one]) => formOf([...parts, one])),
    );
  const named = (filename: string | undefined) =>
    contents.filter(isInside).map((bytes) => part('files', filename, bytes));
  const fine = right.map((parts) => formOf(parts));

  const misses: Arbitrary<SentForm>[] = [
    made('no part', 'refused', fc.constant(formOf([]))),
    made('no body', 'refused', fc.constant(Buffer.alloc(0))),
    made(
      'no files',
      'refused',
      fc.array(field, { maxLength: 3 }).map((parts) => formOf(parts)),
    ),
    made(
      'a field by another name',
      'refused',
      fc
        .constantFrom('file', 'Files', 'files[]', '', 'files\0', ' files', 'x'.repeat(5000))
        .chain((wrong) => name.map((filename) => formOf([part(wrong, filename, Buffer.from('x'))]))),
    ),
    made(
      'files that are no files',
      'refused',
      fc.constant(formOf([part('files', undefined, Buffer.from('x'), 'text/plain')])),
    ),
    withFile(
      'an empty file',
      name.map((filename) => part('files', filename, Buffer.alloc(0))),
    ),
    withFile(
      'a name of another kind',
      fc.constantFrom('a.exe', 'a', '.', 'onnx', 'a.onnx.sh', 'a.onnx ', 'a.', 'a/').chain(named),
    ),
    withFile(
      'a name that is none',
      fc.constantFrom('', '/', '../', '\u0001.onnx', 'a\u007f.onnx', `${'x'.repeat(260)}${extensions[0]}`).chain(named),
    ),
    withFile(
      'a name with a NUL',
      fc.constantFrom(`a\0${extensions[0]}`, `\0${extensions[0]}`, `a${extensions[0]}\0`).chain(named),
    ),
    made(
      'too many files',
      'refused',
      fc
        .integer({ min: 21, max: 60 })
        .map((n) => formOf(Array<Part>(n).fill(part('files', `a${extensions[0]}`, Buffer.from('x'))))),
    ),
    made(
      'too many bytes',
      'refused',
      fc
        .constantFrom(mostBytes, mostBytes + 300_000)
        .map((n) => formOf([part('files', `a${extensions[0]}`, Buffer.alloc(n, 'x'))])),
    ),
    // Ends before its last boundary; only the line end after that may be missing.
    made(
      'cut off',
      'refused',
      fc
        .tuple(fine, fc.double({ min: 0, max: 1, noNaN: true }))
        .map(([bytes, share]) => bytes.subarray(0, Math.floor((bytes.length - 4) * share))),
    ),
    made(
      'no last boundary',
      'refused',
      right.map((parts) => formOf(parts, { end: '' })),
    ),
    made('another boundary', 'refused', fine, 'multipart/form-data; boundary=another'),
    made('no boundary', 'refused', fine, 'multipart/form-data'),
    made('an empty boundary', 'refused', fine, 'multipart/form-data; boundary='),
    made('a boundary that is too long', 'refused', fine, `multipart/form-data; boundary=${'b'.repeat(5000)}`),
    made(
      'marks without their hyphens',
      'refused',
      right.map((parts) => formOf(parts, { mark: boundary, end: boundary })),
    ),
    made(
      'lines that end otherwise',
      'either',
      fc.tuple(right, fc.constantFrom('\n', '\r', '\n\r', '')).map(([parts, line]) => formOf(parts, { line })),
    ),
    ...[
      'multipart/mixed',
      'multipart/form-datax',
      'text/plain',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
      '',
    ].map((type) =>
      made(
        `type ${type}`,
        type.startsWith('multipart/form-data') ? 'either' : 'refused',
        fine,
        `${type}; boundary=${boundary}`,
      ),
    ),
    withFile(
      'a strange head',
      fc
        .constantFrom<readonly string[]>(
          [],
          [''],
          ['\0'],
          ['Content-Disposition'],
          ['Content-Disposition: attachment'],
          ["Content-Disposition: form-data; name=files; filename*=UTF-8''%00.onnx"],
          ['Content-Disposition: form-data; name="files"; filename="a'],
          [`X: ${'x'.repeat(100_000)}`],
          Array<string>(3000).fill('A: b'),
          ['\u00e9\ud83d\udca3: \u202e'],
        )
        .map((head): Part => ({ head, bytes: Buffer.from('x') })),
      'either',
    ),
    made(
      'changed bytes',
      'either',
      fc
        .tuple(
          fine,
          fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 10, 13, 34, 45, 59, 128, 255)), {
            minLength: 1,
            maxLength: 4,
          }),
        )
        .map(([bytes, changes]) => {
          const changed = Buffer.from(bytes);
          for (const [at, byte] of changes) changed[at % changed.length] = byte;
          return changed;
        }),
    ),
    made(
      'bytes of any kind',
      'refused',
      fc
        .uint8Array({ maxLength: 300 })
        .filter(isInside)
        .map((bytes) => Buffer.from(bytes)),
    ),
  ];
  return fc.oneof(
    { weight: 1, arbitrary: made('right', 'taken', fine) },
    { weight: 3, arbitrary: fc.oneof(...misses) },
  );
}
