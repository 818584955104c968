using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using HubshareDemo.Admin;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace HubshareDemo.Hubs;

/// <summary>
/// Counts what is read, and what is written apart from events: an event is serialised once for many connections, so it is counted in
/// each connection's queue instead. Pings, acknowledgements and the like are no messages here.
/// </summary>
public sealed class CountingHubProtocol(IHubProtocol inner, Counters counters) : IHubProtocol
{
    public string Name => inner.Name;

    public int Version => inner.Version;

    public TransferFormat TransferFormat => inner.TransferFormat;

    public bool IsVersionSupported(int version) => inner.IsVersionSupported(version);

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message)
    {
        var bytes = inner.GetMessageBytes(message);
        CountWritten(message, bytes.Length);
        return bytes;
    }

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output)
    {
        var bytes = inner.GetMessageBytes(message);
        CountWritten(message, bytes.Length);
        output.Write(bytes.Span);
    }

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        var before = input.Length;
        if (!inner.TryParseMessage(ref input, binder, out message))
        {
            return false;
        }

        if (IsCounted(message) || message is InvocationBindingFailureMessage)
        {
            counters.MessagesReceived.Add();
            counters.BytesReceived.Add(before - input.Length);
        }

        if (message is InvocationMessage or StreamInvocationMessage or InvocationBindingFailureMessage)
        {
            counters.Invocations.Add();
        }

        return true;
    }

    private void CountWritten(HubMessage message, int bytes)
    {
        var isEvent = message is InvocationMessage { InvocationId: null };
        if (!isEvent && IsCounted(message))
        {
            counters.MessagesSent.Add();
            counters.BytesSent.Add(bytes);
        }
    }

    private static bool IsCounted(HubMessage message) =>
        message is InvocationMessage or StreamInvocationMessage or StreamItemMessage or CompletionMessage or CancelInvocationMessage;
}
