"""Small models in every format for the tests of foldnet-import: 4 inputs, 3 and 2 units, with their frameworks' outputs.
Usage: make_small.py OUT; needs keras and jax, h5py, onnx, skl2onnx, flatbuffers and tflite."""
import os, sys, io, json, pickle, struct, zipfile, collections
os.environ.setdefault('KERAS_BACKEND', 'jax')
import numpy as np, keras
from keras import layers as L
out = sys.argv[1]; os.makedirs(out, exist_ok=True)
keras.utils.set_random_seed(7)
x = np.random.default_rng(7).normal(size=(8, 4)).astype('float32')
made = {}
def note(name, y): made[name] = np.asarray(y, 'float64').round(7).tolist()
def shake(m):
    r = np.random.default_rng(3)
    for w in m.weights:
        v = r.normal(size=w.shape); w.assign(np.abs(v) + .1 if 'variance' in w.path else v)
i = keras.Input((2, 2)); n = L.Rescaling(2.0, offset=-.5)(i); h = L.Flatten()(n)
inner = keras.Sequential([keras.Input((4,)), L.Dense(3, name='one'), L.BatchNormalization(scale=False, epsilon=1e-2, name='norm'), L.ReLU()], name='inner')
h = inner(h); h = L.Dropout(.5)(h); o = L.Dense(2, activation='softmax', name='two')(h)
m = keras.Model(i, o); shake(m)
m.save(f'{out}/nested.keras'); m.save(f'{out}/nested.h5'); note('nested', m.predict(x.reshape(-1, 2, 2), verbose=0))
m = keras.Sequential([keras.Input((4,)), L.BatchNormalization(), L.Dense(3, activation='relu', use_bias=False), L.BatchNormalization(center=False), L.Dense(1, activation='sigmoid')]); shake(m)
m.save(f'{out}/plain.keras'); m.save_weights(f'{out}/plain.weights.h5'); open(f'{out}/plain.json', 'w').write(m.to_json())
import h5py
with h5py.File(f'{out}/old.weights.h5', 'w') as f:
    # As Keras 2's save_weights.
    f.attrs['layer_names'] = [l.name.encode() for l in m.layers]
    for l in m.layers:
        g = f.create_group(l.name); g.attrs['weight_names'] = [f'{l.name}/{w.name}:0'.encode() for w in l.weights]
        for w in l.weights: g[f'{l.name}/{w.name}:0'] = w.numpy()
note('plain', m.predict(x, verbose=0))
def pt(tensors, path):
    # A pickle of the opcodes that torch.save writes, protocol 2.
    p = b'\x80\x02ccollections\nOrderedDict\n)R('
    z = zipfile.ZipFile(path, 'w')
    u = lambda s: b'X' + struct.pack('<I', len(s)) + s.encode()
    for k, (name, v) in enumerate(tensors.items()):
        t = lambda s: b'(' + b''.join(b'K' + bytes([q]) for q in s) + b't'
        st = [int(np.prod(v.shape[a + 1:])) for a in range(v.ndim)]
        p += u(name) + b'ctorch._utils\n_rebuild_tensor_v2\n((' + u('storage') + b'ctorch\nFloatStorage\n' + u(str(k)) + u('cpu') + b'K' + bytes([v.size]) + b'tQK\x00' + t(v.shape) + t(st) + b'\x89ccollections\nOrderedDict\n)RtR'
    p += b'u.'
    z.writestr('archive/data.pkl', p); z.writestr('archive/byteorder', 'little')
    for k, v in enumerate(tensors.values()): z.writestr(f'archive/data/{k}', v.astype('<f4').tobytes())
    z.writestr('archive/version', '3\n'); z.close()
r = np.random.default_rng(5)
pt({'fc1.weight': r.normal(size=(3, 4)), 'fc1.bias': r.normal(size=3), 'fc2.weight': r.normal(size=(2, 3)), 'fc2.bias': r.normal(size=2)}, f'{out}/dict.pt')
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler, MinMaxScaler
from sklearn.pipeline import make_pipeline
from skl2onnx import to_onnx
big = np.random.default_rng(1).normal(size=(60, 4)).astype('float32')
for name, model, y, zm in (('skl_three', MLPClassifier((3,), max_iter=40, random_state=1), np.digitize(big[:, 0], [-.5, .5]), True), ('skl_two', MLPClassifier((3,), max_iter=40, random_state=1), (big[:, 0] > 0).astype(int), False),
        ('skl_names', MLPClassifier((3,), max_iter=40, random_state=1), np.where(big[:, 0] > 0, 'up', 'down'), True), ('skl_value', MLPRegressor(hidden_layer_sizes=(3,), max_iter=40, random_state=1), big.sum(1), None),
        ('skl_logistic', LogisticRegression(), np.digitize(big[:, 0], [-.5, .5]), False), ('skl_logistic2', LogisticRegression(), (big[:, 0] > 0).astype(int), False)):
    p = make_pipeline(MinMaxScaler() if name == 'skl_value' else StandardScaler(), model); p.fit(big, y)
    o = {} if zm is None else {'options': {'zipmap': zm}}
    open(f'{out}/{name}.onnx', 'wb').write(to_onnx(p, big[:1], **o).SerializeToString())
    note(name, p.predict(x)[:, None] if zm is None else p.predict_proba(x))
import tflite as T, flatbuffers
def tfl(path):
    b = flatbuffers.Builder(1024); r = np.random.default_rng(9)
    ws = [r.normal(size=(3, 4)), r.normal(size=3), r.normal(size=(2, 3)), r.normal(size=2)]
    def vec(start, items, put):
        start(b, len(items)); [put(q) for q in reversed(items)]; return b.EndVector()
    ints = lambda start, q: vec(start, q, b.PrependInt32)
    bufs = []
    for w in [None] + ws:
        d = b.CreateByteVector(w.astype('<f4').tobytes()) if w is not None else None
        T.BufferStart(b)
        if d is not None: T.BufferAddData(b, d)
        bufs.append(T.BufferEnd(b))
    bufs = vec(T.ModelStartBuffersVector, bufs, b.PrependUOffsetTRelative)
    shapes = [[1, 4], [3, 4], [3], [1, 3], [2, 3], [2], [1, 2], [1, 2]]; buf = [0, 1, 2, 0, 3, 4, 0, 0]; ts = []
    for k, s in enumerate(shapes):
        n = b.CreateString(f'v{k}'); s = ints(T.TensorStartShapeVector, s)
        T.TensorStart(b); T.TensorAddShape(b, s); T.TensorAddBuffer(b, buf[k]); T.TensorAddName(b, n); T.TensorAddType(b, 0); ts.append(T.TensorEnd(b))
    ts = vec(T.SubGraphStartTensorsVector, ts, b.PrependUOffsetTRelative)
    ops = []
    for code, i, o, act in ((0, [0, 1, 2], [3], 1), (0, [3, 4, 5], [6], 0), (1, [6], [7], None)):
        if act is not None:
            T.FullyConnectedOptionsStart(b); T.FullyConnectedOptionsAddFusedActivationFunction(b, act); opt = T.FullyConnectedOptionsEnd(b); kind = 8
        else:
            T.SoftmaxOptionsStart(b); T.SoftmaxOptionsAddBeta(b, 1.0); opt = T.SoftmaxOptionsEnd(b); kind = 9
        i = ints(T.OperatorStartInputsVector, i); o = ints(T.OperatorStartOutputsVector, o)
        T.OperatorStart(b); T.OperatorAddOpcodeIndex(b, code); T.OperatorAddInputs(b, i); T.OperatorAddOutputs(b, o); T.OperatorAddBuiltinOptionsType(b, kind); T.OperatorAddBuiltinOptions(b, opt); ops.append(T.OperatorEnd(b))
    ops = vec(T.SubGraphStartOperatorsVector, ops, b.PrependUOffsetTRelative)
    i = ints(T.SubGraphStartInputsVector, [0]); o = ints(T.SubGraphStartOutputsVector, [7])
    T.SubGraphStart(b); T.SubGraphAddTensors(b, ts); T.SubGraphAddInputs(b, i); T.SubGraphAddOutputs(b, o); T.SubGraphAddOperators(b, ops); g = T.SubGraphEnd(b)
    g = vec(T.ModelStartSubgraphsVector, [g], b.PrependUOffsetTRelative)
    cs = []
    for c in (9, 25):
        T.OperatorCodeStart(b); T.OperatorCodeAddDeprecatedBuiltinCode(b, c); T.OperatorCodeAddBuiltinCode(b, c); cs.append(T.OperatorCodeEnd(b))
    cs = vec(T.ModelStartOperatorCodesVector, cs, b.PrependUOffsetTRelative)
    T.ModelStart(b); T.ModelAddVersion(b, 3); T.ModelAddOperatorCodes(b, cs); T.ModelAddSubgraphs(b, g); T.ModelAddBuffers(b, bufs)
    b.Finish(T.ModelEnd(b), file_identifier=b'TFL3'); open(path, 'wb').write(bytes(b.Output()))
    h = np.maximum(x @ ws[0].T.astype('f4') + ws[1].astype('f4'), 0) @ ws[2].T.astype('f4') + ws[3].astype('f4'); e = np.exp(h - h.max(1, keepdims=True)); return e / e.sum(1, keepdims=True)
note('dense', tfl(f'{out}/dense.tflite'))
json.dump({'x': x.astype('float64').tolist(), 'outputs': made}, open(f'{out}/outputs.json', 'w'))
