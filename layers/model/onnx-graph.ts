import { PbfWriter } from 'pbf';
import type { Logistic } from './logistic.ts';

/** Constants for onnx.proto. Field numbers below are those of onnx.proto; only the fields we need are written. */
const float = 1;
const irVersion = 8;
const opset = 17;

/** The names of the graph's input, float32 [rows, features], and output, float32 [rows, models]. */
export const graphInput = 'features';
export const graphOutput = 'chances';

/** Writes logistic models of the same features as an ONNX graph: chances = sigmoid(features x weights + intercepts). */
export function onnxGraph(name: string, models: readonly Logistic[]): Uint8Array {
  const features = models[0]!.weights.length;
  const weights = Array.from({ length: features }, (_, feature) =>
    models.map((model) => model.weights[feature]!),
  ).flat();
  const writer = new PbfWriter();
  writer.writeVarintField(1, irVersion);
  writer.writeStringField(2, 'spot-optimizer');
  writer.writeMessage(
    7,
    (_: null, graph: PbfWriter) => {
      writeNode(graph, 'Gemm', [graphInput, 'weights', 'intercepts'], 'logits');
      writeNode(graph, 'Sigmoid', ['logits'], graphOutput);
      graph.writeStringField(2, name);
      writeTensor(graph, 'weights', [features, models.length], weights);
      writeTensor(
        graph,
        'intercepts',
        [models.length],
        models.map(({ intercept }) => intercept),
      );
      writeValue(graph, 11, graphInput, features);
      writeValue(graph, 12, graphOutput, models.length);
    },
    null,
  );
  writer.writeMessage(8, (_: null, version: PbfWriter) => version.writeVarintField(2, opset), null);
  return writer.finish();
}

function writeNode(graph: PbfWriter, operator: string, inputs: readonly string[], output: string): void {
  graph.writeMessage(
    1,
    (_: null, node: PbfWriter) => {
      for (const input of inputs) node.writeStringField(1, input);
      node.writeStringField(2, output);
      node.writeStringField(3, operator.toLowerCase());
      node.writeStringField(4, operator);
    },
    null,
  );
}

function writeTensor(graph: PbfWriter, name: string, size: readonly number[], values: readonly number[]): void {
  const raw = new DataView(new ArrayBuffer(4 * values.length));
  for (const [index, value] of values.entries()) raw.setFloat32(4 * index, value, true);
  graph.writeMessage(
    5,
    (_: null, tensor: PbfWriter) => {
      for (const length of size) tensor.writeVarintField(1, length);
      tensor.writeVarintField(2, float);
      tensor.writeStringField(8, name);
      tensor.writeBytesField(9, new Uint8Array(raw.buffer));
    },
    null,
  );
}

/** Writes an input or output: a matrix with any number of rows. */
function writeValue(graph: PbfWriter, field: number, name: string, columns: number): void {
  graph.writeMessage(
    field,
    (_: null, value: PbfWriter) => {
      value.writeStringField(1, name);
      value.writeMessage(
        2,
        (__: null, type: PbfWriter) => {
          type.writeMessage(
            1,
            (___: null, tensor: PbfWriter) => {
              tensor.writeVarintField(1, float);
              tensor.writeMessage(
                2,
                (____: null, shape: PbfWriter) => {
                  shape.writeMessage(1, (_____: null, rows: PbfWriter) => rows.writeStringField(2, 'rows'), null);
                  shape.writeMessage(1, (_____: null, width: PbfWriter) => width.writeVarintField(1, columns), null);
                },
                null,
              );
            },
            null,
          );
        },
        null,
      );
    },
    null,
  );
}
