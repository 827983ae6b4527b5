import assert from "node:assert/strict";
import { effective, parseOsloFile } from "../../provider/core/files/osloConfig";
import { hidesInfo, type NovaConfig } from "../../provider/core/novaConfig";

describe("whether nova-compute's own words can be waited for in its log", () => {
  const config = (text: string): NovaConfig => {
    const files = [parseOsloFile("/etc/nova/nova.conf", text)];
    return { files, failure: undefined, get: (section, option) => effective(files, section, option) };
  };

  for (const [text, hides] of [
    ["[DEFAULT]\n", false],
    ["[DEFAULT]\ndefault_log_levels = amqp=WARN,nova=INFO\n", false],
    ["[DEFAULT]\ndefault_log_levels = amqp=WARN, nova = warning\n", true],
    ["[DEFAULT]\ndefault_log_levels = nova.compute.manager=ERROR\n", true],
    ["[DEFAULT]\ndefault_log_levels = nova.virt=ERROR\n", false],
    ["[DEFAULT]\nlog_config_append = /etc/nova/logging.conf\n", true],
  ] as const) {
    it(`${hides ? "not " : ""}with ${JSON.stringify(text)}`, () => assert.equal(hidesInfo(config(text)), hides));
  }
});
