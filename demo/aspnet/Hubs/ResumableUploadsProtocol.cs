using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace HubshareDemo.Hubs;

/// <summary>
/// Keeps uploads and stateful reconnect together. Both sides number the messages of a connection. ASP.NET Core 10.0.12 leaves out an
/// upload's item that it cannot bind: one of a wrong type, and every item that is sent again after a reconnect although its upload is
/// over. From then on it takes as many of the client's next messages for doubles and drops them, or ends the connection. An end of the
/// upload with an error is the same to the hub method, and is numbered.
/// </summary>
public sealed class ResumableUploadsProtocol(IHubProtocol inner) : IHubProtocol
{
    public string Name => inner.Name;

    public int Version => inner.Version;

    public TransferFormat TransferFormat => inner.TransferFormat;

    public bool IsVersionSupported(int version) => inner.IsVersionSupported(version);

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => inner.GetMessageBytes(message);

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output) => inner.WriteMessage(message, output);

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        if (!inner.TryParseMessage(ref input, binder, out message))
        {
            return false;
        }

        if (message is StreamBindingFailureMessage failure)
        {
            message = CompletionMessage.WithError(failure.Id, "Failed to bind Stream message.");
        }

        return true;
    }
}
