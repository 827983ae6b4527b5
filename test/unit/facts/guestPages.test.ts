import { strict as assert } from "node:assert";
import { parseGuestPages, parsePageRequest } from "../../../provider/core/facts/guestPages";

const cell = (id: number, kib: number) =>
  `<cell id='${id}' cpus='${id}' memory='${kib}' unit='KiB' memAccess='shared'/>`;
const memnode = (id: number, node: string) => `<memnode cellid='${id}' mode='strict' nodeset='${node}'/>`;

describe("the huge pages of a guest", () => {
  it("come from the host's nodes that its own are bound to", () => {
    const xml = [
      "<hugepages><page size='2048' unit='KiB' nodeset='0'/><page size='1048576' unit='KiB' nodeset='1-2'/></hugepages>",
      `<memory mode='strict' nodeset='0-1'/>${memnode(0, "1")}${memnode(1, "0")}${memnode(2, "0,1")}`,
      `<numa>${cell(0, 65536)}${cell(1, 1048576)}${cell(2, 2097152)}</numa>`,
    ].join("\n");
    assert.deepEqual(parseGuestPages(xml, 3211264), [
      { sizeKib: 2048, kib: 65536, node: 1 },
      { sizeKib: 1048576, kib: 1048576, node: 0 },
      { sizeKib: 1048576, kib: 2097152 },
    ]);
  });

  it("are all of its memory where it has no nodes, or no size is said to be for some", () => {
    const page = "<page size='2048' unit='KiB'/>";
    assert.deepEqual(parseGuestPages(page, 65536), [{ sizeKib: 2048, kib: 65536 }]);
    const numa = `<numa>${cell(0, 32768)}${cell(1, 32768)}</numa>`;
    assert.deepEqual(parseGuestPages(page + numa + memnode(0, "0"), 65536), [
      { sizeKib: 2048, kib: 32768, node: 0 },
      { sizeKib: 2048, kib: 32768 },
    ]);
    assert.deepEqual(parseGuestPages(numa, 65536), []);
  });
});

describe("what a guest's flavor says of pages", () => {
  it("is known where Nova writes the extra specs of flavors down", () => {
    const specs = '<nova:extraSpecs><nova:extraSpec name="hw:mem_page_size">small</nova:extraSpec></nova:extraSpecs>';
    assert.equal(parsePageRequest(specs), "small");
    assert.equal(parsePageRequest("<nova:extraSpecs/>"), null);
    assert.equal(parsePageRequest("<nova:flavor name='m1.small'>"), undefined);
  });
});
