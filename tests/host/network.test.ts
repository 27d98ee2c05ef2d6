import { describe, expect, test } from "vitest";
import { holderOf, networkFile, subnet, type Interface } from "../../sandbox/host/network";

function withAddress(ifname: string, local: string, prefixlen: number): Interface {
  return { ifname, addr_info: [{ local, prefixlen }] };
}

describe("a host's subnet", () => {
  test("has its number in the interface and in both addresses", () => {
    expect(subnet(7)).toEqual({ number: 7, interface: "soar-7", gateway: "10.77.7.1", address: "10.77.7.2" });
  });

  test.each([
    ["the same network", withAddress("eth9", "10.77.7.200", 24)],
    ["a wider one", withAddress("eth9", "10.0.0.1", 8)],
    ["a narrower one", withAddress("eth9", "10.77.7.129", 25)],
    ["the network of all addresses", withAddress("eth9", "1.2.3.4", 0)],
  ])("is held by an address of %s", (_, held) => {
    expect(holderOf(subnet(7), [withAddress("lo", "127.0.0.1", 8), held])).toBe("eth9");
  });

  test("is held by an interface of that name without an address", () => {
    expect(holderOf(subnet(7), [{ ifname: "soar-7", addr_info: [] }])).toBe("soar-7");
  });

  test("is free beside neighbours, IPv6 and other interfaces", () => {
    const others = [
      withAddress("soar-6", "10.77.6.1", 24),
      withAddress("soar-8", "10.77.8.1", 24),
      withAddress("eth0", "fd00::2", 64),
      withAddress("eth1", "192.168.7.1", 24),
    ];
    expect(holderOf(subnet(7), others)).toBeUndefined();
  });

  test("is written for systemd-networkd", () => {
    expect(networkFile(subnet(7))).toBe(
      "[Match]\nName=host0\n\n[Network]\nDHCP=no\nLinkLocalAddressing=no\nAddress=10.77.7.2/24\nGateway=10.77.7.1\n",
    );
  });
});
