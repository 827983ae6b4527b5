import assert from "node:assert/strict";
import { effective, type OsloFile } from "../../../provider/core/files/osloConfig";
import type { OsloAnswer, OsloRequest, OsloValue } from "./oracle";
import { readHost, readOption, sectionsOf } from "./ours";

/** Does our reading of a host agree with oslo.config's? Throws where it does not. */
export function compare(request: OsloRequest, answer: OsloAnswer, lookUp = effective): void {
  const { files, failure } = readHost(request);
  const broken = files.find((file) => file.failure);
  if ("error" in answer) {
    assert.ok(failure ?? broken, `oslo.config refuses, we do not: ${answer.error} ${answer.message}`);
    if (broken && (answer.error === "ConfigFileParseError" || answer.error === "UnicodeDecodeError")) {
      assertSameFailure(broken, answer);
    }
    return;
  }
  assert.equal(failure ?? broken?.failure?.reason, undefined, "we refuse, oslo.config does not");
  assert.deepEqual(files.map(sectionsOf), answer.files);
  for (const [index, [section, option]] of request.read.entries()) {
    const theirs: OsloValue = answer.values[index]!;
    const ours = readOption(files, request.environment, section, option, lookUp);
    if ("error" in theirs)
      assert.ok("error" in ours, `${option}: ${JSON.stringify(ours)}, oslo.config: ${theirs.message}`);
    else assert.deepEqual(ours, theirs, option);
  }
}

function assertSameFailure(file: OsloFile, answer: { error: string; message: string }): void {
  const { line, reason } = file.failure!;
  if (answer.error === "UnicodeDecodeError") {
    assert.equal(reason, "not valid UTF-8");
    return;
  }
  assert.ok(answer.message.includes(`${file.path}:`), answer.message);
  assert.ok(answer.message.includes(reason), `${answer.message}, ours: ${reason}`);
  // oslo.config notices a missing section one assignment later, and then names that line.
  if (!reason.startsWith("Section must"))
    assert.ok(answer.message.includes(`:${line}, `), `${answer.message}, ours: ${line}`);
}
