import { PbfWriter } from 'pbf';

/** Models that harm whoever reads them, encoded as onnx.proto states: the numbers are its fields and types. */

const float = 1;
const int64 = 7;
const bool = 9;

const message = (writer: PbfWriter, field: number, write: (inner: PbfWriter) => void) =>
  writer.writeMessage(field, (_: null, inner: PbfWriter) => write(inner), null);

type Dimension = string | number;

function value(
  graph: PbfWriter,
  field: number,
  { name, type, shape }: { name: string; type: number; shape?: Dimension[] },
) {
  message(graph, field, (info) => {
    info.writeStringField(1, name);
    message(info, 2, (typeProto) =>
      message(typeProto, 1, (tensor) => {
        tensor.writeVarintField(1, type);
        if (shape)
          message(tensor, 2, (dimensions) => {
            for (const size of shape)
              message(dimensions, 1, (one) =>
                typeof size === 'string' ? one.writeStringField(2, size) : one.writeVarintField(1, size),
              );
          });
      }),
    );
  });
}

interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: (node: PbfWriter) => void;
}

function node(graph: PbfWriter, { operator, inputs, outputs, attributes }: Node): void {
  message(graph, 1, (one) => {
    for (const input of inputs) one.writeStringField(1, input);
    for (const output of outputs) one.writeStringField(2, output);
    one.writeStringField(3, `${operator} ${outputs[0]}`);
    one.writeStringField(4, operator);
    attributes?.(one);
  });
}

const chances = { name: 'chances', type: float, shape: ['rows', 8] as Dimension[] };

function model(write: (graph: PbfWriter) => void): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, 8);
  message(writer, 7, (graph) => {
    write(graph);
    graph.writeStringField(2, 'hostile');
    value(graph, 11, { name: 'features', type: float, shape: ['rows', 8] });
    value(graph, 12, chances);
  });
  message(writer, 8, (opset) => opset.writeVarintField(2, 17));
  return writer.finish();
}

/** A loop whose condition stays true. */
export const endless = () =>
  model((graph) =>
    node(graph, {
      operator: 'Loop',
      inputs: ['', '', 'features'],
      outputs: ['chances'],
      attributes: (loop) =>
        message(loop, 5, (attribute) => {
          attribute.writeStringField(1, 'body');
          attribute.writeVarintField(20, 5);
          message(attribute, 6, (body) => {
            node(body, { operator: 'Identity', inputs: ['again'], outputs: ['again2'] });
            node(body, { operator: 'Identity', inputs: ['value'], outputs: ['value2'] });
            body.writeStringField(2, 'body');
            value(body, 11, { name: 'n', type: int64, shape: [] });
            value(body, 11, { name: 'again', type: bool, shape: [] });
            value(body, 11, { name: 'value', type: float });
            value(body, 12, { name: 'again2', type: bool, shape: [] });
            value(body, 12, { name: 'value2', type: float });
          });
        }),
    }),
  );

/** A few bytes that allocate this many floats, and compute with all of them. */
export const greedy = (floats: bigint) =>
  model((graph) => {
    const size = new DataView(new ArrayBuffer(8));
    size.setBigInt64(0, floats, true);
    message(graph, 5, (tensor) => {
      tensor.writeVarintField(1, 1);
      tensor.writeVarintField(2, int64);
      tensor.writeStringField(8, 'size');
      tensor.writeBytesField(9, new Uint8Array(size.buffer));
    });
    node(graph, { operator: 'ConstantOfShape', inputs: ['size'], outputs: ['zeros'] });
    node(graph, { operator: 'Exp', inputs: ['zeros'], outputs: ['ones'] });
    node(graph, { operator: 'ReduceMax', inputs: ['ones'], outputs: ['most'] });
    node(graph, { operator: 'Add', inputs: ['features', 'most'], outputs: ['chances'] });
  });

/** A model whose weights claim to be in a file of the machine that loads it. */
export const prying = (path: string) =>
  model((graph) => {
    message(graph, 5, (tensor) => {
      tensor.writeVarintField(1, 8);
      tensor.writeVarintField(2, float);
      tensor.writeStringField(8, 'weights');
      tensor.writeVarintField(14, 1);
      for (const [key, text] of Object.entries({ location: path, offset: '0', length: '32' }))
        message(tensor, 13, (entry) => {
          entry.writeStringField(1, key);
          entry.writeStringField(2, text);
        });
    });
    node(graph, { operator: 'Add', inputs: ['features', 'weights'], outputs: ['chances'] });
  });
