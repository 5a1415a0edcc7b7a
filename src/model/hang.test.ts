import { describe, expect, it } from 'vitest';
import { blockedTasks, clientHangOf, owedCalls } from './hang.ts';

// As a client (Linux 6.1) gave them while its server was paused.
const access = '    4 88a0      0 0x0 0x96b48d02     1052 rpc_default_ops [sunrpc] nfsv3 ACCESS a:call_status [sunrpc] q:xprt_pending';
const getAcl = '    2 88a0      0 0x2 0x97b48d02     1026 rpc_default_ops [sunrpc] nfsaclv3 GETACL a:call_status [sunrpc] q:xprt_pending';
const renew = '    9 88a0      0 0x2 0x98b48d02     1026 rpc_default_ops [sunrpc] nfsv4 RENEW a:call_status [sunrpc] q:delayq';

describe('owedCalls', () => {
  it('are those that are there twice', () => {
    expect(owedCalls({ calls: [access, getAcl], later: [access, getAcl] })).toEqual(['nfsv3 ACCESS', 'nfsaclv3 GETACL']);
    expect(owedCalls({ calls: [access, getAcl], later: [getAcl] })).toEqual(['nfsaclv3 GETACL']);
    expect(owedCalls({ calls: [access], later: [access.replace('0x96b48d02', '0x11111111')] })).toEqual([]);
  });

  it('are no calls that the client itself holds back, and no other lines', () => {
    expect(owedCalls({ calls: [renew, 'nonsense'], later: [renew, 'nonsense'] })).toEqual([]);
  });
});

describe('clientHangOf', () => {
  it('takes what is a report, as far as it is one', () => {
    const found = clientHangOf({
      blocked: [{ pid: 347, name: 'dd', stack: ['rpc_wait_bit_killable+0xd/0x70 [sunrpc]', '__wait_on_bit+0x4b/0x140'] }, { pid: 'x' }, null],
      calls: [access, 7],
      statistics: 'net 0 0 0 0',
    });
    expect(found).toMatchObject({ calls: [access], later: [], statistics: 'net 0 0 0 0' });
    expect(found && blockedTasks(found)).toEqual(['dd[347] in rpc_wait_bit_killable']);
    expect(blockedTasks({ blocked: [{ pid: 1, name: 'a', stack: [] }] })).toEqual(['a[1]']);
  });

  it.each([null, 7, {}, { error: 'RuntimeError: no' }, { blocked: 'x' }])('takes nothing else: %j', (value) => {
    expect(clientHangOf(value)).toBeNull();
  });
});
