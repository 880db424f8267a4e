//! Python pickles, as far as state dicts use them: a stack machine that builds tables, lists, numbers and descriptions
//! of tensors, and calls nothing.

use super::element::Element;
use crate::bytes::Cursor;
use crate::error::Fault;
use std::collections::BTreeMap;
use std::rc::Rc;

const FORMAT: &str = "PyTorch";

/// The remedy for files with whole modules.
pub(super) const EXPORT: &str = "torch.onnx.export(model.eval(), example, \"model.onnx\") writes a self-contained file";

/// A view of a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub(super) storage: String,
    pub(super) element: Element,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

#[derive(Debug, Clone)]
enum Value {
    Mark,
    Nothing,
    Int(i64),
    Text(Rc<str>),
    /// A class or a function, by module and name.
    Global(Rc<str>),
    Tuple(Rc<Vec<Value>>),
    List,
    /// Index of a table among all tables.
    Table(usize),
    Storage {
        element: Element,
        key: Rc<str>,
    },
    Tensor(Rc<Tensor>),
}

/// Maximum number of tables, lists, numbers and texts that a pickle may create.
const MAX_STEPS: usize = 1 << 20;

#[derive(Default)]
struct Machine {
    stack: Vec<Value>,
    memo: BTreeMap<u64, Value>,
    tables: Vec<Vec<(Value, Value)>>,
}

/// Names and tensors of the state dict in a pickle, in order. If a table contains a state dict, as saved by training
/// scripts, it is searched for `state_dict`, `model_state_dict` and `model`.
pub(super) fn tensors(bytes: &[u8]) -> Result<Vec<(String, Tensor)>, Fault> {
    let mut machine = Machine::default();
    let root = machine.run(bytes)?;
    let table = machine
        .state_dict(&root)
        .ok_or_else(|| Fault::Unread(format!("no state dict; save model.state_dict(), or: {EXPORT}")))?;
    Ok(table)
}

impl Machine {
    fn state_dict(&self, root: &Value) -> Option<Vec<(String, Tensor)>> {
        let Value::Table(index) = root else { return None };
        let table = self.tables.get(*index)?;
        let flat: Vec<(String, Tensor)> = table
            .iter()
            .filter_map(|(key, value)| match (key, value) {
                (Value::Text(name), Value::Tensor(tensor)) => Some((name.to_string(), (**tensor).clone())),
                _ => None,
            })
            .collect();
        if !flat.is_empty() {
            return Some(flat);
        }
        let inner = table.iter().find(|(key, value)| {
            matches!(key, Value::Text(name) if ["state_dict", "model_state_dict", "model"].contains(&&**name))
                && matches!(value, Value::Table(inner) if inner != index)
        });
        let (_, Value::Table(inner)) = inner? else { return None };
        let flat = self.tables.get(*inner)?.iter().filter_map(|(key, value)| match (key, value) {
            (Value::Text(name), Value::Tensor(tensor)) => Some((name.to_string(), (**tensor).clone())),
            _ => None,
        });
        Some(flat.collect())
    }

    fn run(&mut self, bytes: &[u8]) -> Result<Value, Fault> {
        let mut cursor = Cursor::new(FORMAT, bytes, 0);
        for _ in 0..MAX_STEPS {
            let code = cursor.u8()?;
            if code == b'.' {
                return self.pop(&cursor);
            }
            self.step(code, &mut cursor)?;
        }
        Err(cursor.broken("a pickle without a STOP opcode"))
    }

    fn pop(&mut self, cursor: &Cursor) -> Result<Value, Fault> {
        self.stack.pop().ok_or_else(|| cursor.broken("a pickle that pops an empty stack"))
    }

    /// The values above the last mark.
    fn above(&mut self, cursor: &Cursor) -> Result<Vec<Value>, Fault> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark));
        let mark = mark.ok_or_else(|| cursor.broken("a pickle without a mark"))?;
        let above = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(above)
    }

    fn step(&mut self, code: u8, cursor: &mut Cursor) -> Result<(), Fault> {
        let value = match code {
            0x80 => return cursor.skip(1),
            0x95 => return cursor.skip(8),
            b'(' => Value::Mark,
            b'N' => Value::Nothing,
            0x88 => Value::Int(1),
            0x89 => Value::Int(0),
            b'K' => Value::Int(cursor.u8()?.into()),
            b'M' => Value::Int(cursor.u16()?.into()),
            b'J' => Value::Int(i64::from(cursor.u32()? as i32)),
            0x8a => long(cursor)?,
            b'G' => {
                cursor.skip(8)?;
                Value::Nothing
            }
            b'X' => text(cursor, 4)?,
            0x8c => text(cursor, 1)?,
            b'U' => text(cursor, 1)?,
            b'c' => {
                let (module, name) = (line(cursor)?, line(cursor)?);
                Value::Global(format!("{module}.{name}").into())
            }
            0x93 => self.stack_global(cursor)?,
            b')' => Value::Tuple(Rc::new(Vec::new())),
            b't' => Value::Tuple(Rc::new(self.above(cursor)?)),
            0x85..=0x87 => {
                let mut parts = (0..=code - 0x85).map(|_| self.pop(cursor)).collect::<Result<Vec<_>, _>>()?;
                parts.reverse();
                Value::Tuple(Rc::new(parts))
            }
            b']' => Value::List,
            b'}' => self.table(),
            b'q' | b'r' | 0x94 => return self.remember(code, cursor),
            b'h' => self.recall(cursor.u8()?.into(), cursor)?,
            b'j' => self.recall(cursor.u32()?.into(), cursor)?,
            b'a' | b'e' | b's' | b'u' | b'b' | b'0' => return self.fill(code, cursor),
            b'Q' => {
                let given = self.pop(cursor)?;
                storage(&given)
                    .ok_or_else(|| Fault::Unread(format!("a state dict with unsupported values; {EXPORT}")))?
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop(cursor)?, self.pop(cursor)?);
                self.call(&function, &arguments)?
            }
            _ => {
                return Err(Fault::Unread(format!(
                    "a pickle of Python objects (opcode {code:#04x}), which Foldnet does not execute; save \
                     model.state_dict(), or: {EXPORT}"
                )));
            }
        };
        self.stack.push(value);
        Ok(())
    }

    fn table(&mut self) -> Value {
        self.tables.push(Vec::new());
        Value::Table(self.tables.len() - 1)
    }

    fn stack_global(&mut self, cursor: &Cursor) -> Result<Value, Fault> {
        let (name, module) = (self.pop(cursor)?, self.pop(cursor)?);
        let (Value::Text(name), Value::Text(module)) = (name, module) else {
            return Err(cursor.broken("a class without a name"));
        };
        Ok(Value::Global(format!("{module}.{name}").into()))
    }

    fn remember(&mut self, code: u8, cursor: &mut Cursor) -> Result<(), Fault> {
        let place = match code {
            b'q' => cursor.u8()?.into(),
            b'r' => cursor.u32()?.into(),
            _ => self.memo.len() as u64,
        };
        let value =
            self.stack.last().cloned().ok_or_else(|| cursor.broken("a pickle that memoizes from an empty stack"))?;
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&self, place: u64, cursor: &Cursor) -> Result<Value, Fault> {
        self.memo.get(&place).cloned().ok_or_else(|| cursor.broken("a pickle with an undefined memo entry"))
    }

    /// Adds values to the table, list or object below them.
    fn fill(&mut self, code: u8, cursor: &Cursor) -> Result<(), Fault> {
        let values = match code {
            b'e' | b'u' => self.above(cursor)?,
            b's' => {
                let (value, key) = (self.pop(cursor)?, self.pop(cursor)?);
                vec![key, value]
            }
            _ => {
                // An element of a list, or the state of an object: neither is kept.
                self.pop(cursor)?;
                return Ok(());
            }
        };
        if let (Some(Value::Table(index)), b's' | b'u') = (self.stack.last(), code) {
            if let Some(table) = self.tables.get_mut(*index) {
                table.extend(values.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())));
            }
        }
        Ok(())
    }

    /// The few functions that a state dict calls.
    fn call(&mut self, function: &Value, arguments: &Value) -> Result<Value, Fault> {
        let name = if let Value::Global(name) = function { &**name } else { "" };
        let arguments: &[Value] = if let Value::Tuple(values) = arguments { values } else { &[] };
        match name {
            "collections.OrderedDict" => Ok(self.table()),
            "torch._utils._rebuild_parameter" => Ok(arguments.first().cloned().unwrap_or(Value::Nothing)),
            "torch._utils._rebuild_tensor_v2" => tensor(arguments)
                .map(|tensor| Value::Tensor(Rc::new(tensor)))
                .ok_or_else(|| Fault::broken(FORMAT, "a malformed tensor")),
            "torch.Size" | "torch.device" => Ok(Value::Nothing),
            other => Err(Fault::Unread(format!(
                "a pickle that calls {other}, which Foldnet does not execute; save model.state_dict(), or: {EXPORT}"
            ))),
        }
    }
}

/// `("storage", class, key, device, count)`
fn storage(given: &Value) -> Option<Value> {
    let Value::Tuple(parts) = given else { return None };
    let [Value::Text(_), Value::Global(class), Value::Text(key), ..] = &parts[..] else { return None };
    let element = Element::of(class.rsplit('.').next()?)?;
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| Value::Storage { element, key: key.clone() })
}

/// `(storage, offset, shape, strides, ...)`
fn tensor(arguments: &[Value]) -> Option<Tensor> {
    let [Value::Storage { element, key }, Value::Int(offset), shape, strides, ..] = arguments else { return None };
    Some(Tensor {
        storage: key.to_string(),
        element: *element,
        offset: usize::try_from(*offset).ok()?,
        shape: sizes(shape)?,
        strides: sizes(strides)?,
    })
}

fn sizes(value: &Value) -> Option<Vec<usize>> {
    let Value::Tuple(parts) = value else { return None };
    parts.iter().map(|part| if let Value::Int(size) = part { usize::try_from(*size).ok() } else { None }).collect()
}

fn long(cursor: &mut Cursor) -> Result<Value, Fault> {
    let len = cursor.u8()?;
    if len > 8 {
        return Err(cursor.broken("a number of more than 64 bits"));
    }
    let bits = cursor.uint(len)?;
    let free = 64 - 8 * u32::from(len);
    Ok(Value::Int(if len == 0 { 0 } else { (bits << free) as i64 >> free }))
}

fn text(cursor: &mut Cursor, width: u8) -> Result<Value, Fault> {
    let len = cursor.uint(width)?;
    Ok(Value::Text(String::from_utf8_lossy(cursor.take(len)?).into()))
}

/// A line of text, as used by old opcodes.
fn line(cursor: &mut Cursor) -> Result<String, Fault> {
    let mut out = Vec::new();
    loop {
        match cursor.u8()? {
            b'\n' => return Ok(String::from_utf8_lossy(&out).into_owned()),
            byte => out.push(byte),
        }
        if out.len() > 1024 {
            return Err(cursor.broken("an unterminated name"));
        }
    }
}
