using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace HubshareDemo.Hubs;

/// <summary>
/// Lets a client leave out trailing JsonElement arguments of a hub method; SignalR itself wants the exact number. An argument that
/// was left out arrives as `default(JsonElement)`, whose kind is Undefined, so that the method can tell it from null.
/// </summary>
public sealed class OptionalArgumentsProtocol(IHubProtocol inner, IReadOnlySet<string> methods) : IHubProtocol
{
    public string Name => inner.Name;

    public int Version => inner.Version;

    public TransferFormat TransferFormat => inner.TransferFormat;

    public bool IsVersionSupported(int version) => inner.IsVersionSupported(version);

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => inner.GetMessageBytes(message);

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output) => inner.WriteMessage(message, output);

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        var start = input;
        if (!inner.TryParseMessage(ref input, binder, out message))
        {
            return false;
        }

        if (message is InvocationBindingFailureMessage failure && methods.Contains(failure.Target))
        {
            message = ParseWithFewer(start, binder, failure.Target) ?? message;
        }

        return true;
    }

    private InvocationMessage? ParseWithFewer(ReadOnlySequence<byte> start, IInvocationBinder binder, string target)
    {
        var types = binder.GetParameterTypes(target);
        for (var count = types.Count - 1; count >= 0 && types[count] == typeof(JsonElement); count--)
        {
            var input = start;
            if (inner.TryParseMessage(ref input, new ShorterBinder(binder, count), out var message) && message is InvocationMessage found)
            {
                var padding = Enumerable.Repeat<object?>(default(JsonElement), types.Count - count);
                return new InvocationMessage(found.InvocationId, found.Target, [.. found.Arguments, .. padding], found.StreamIds) { Headers = found.Headers };
            }
        }

        return null;
    }

    /// <summary>Pretends that a method has fewer parameters than it has.</summary>
    private sealed class ShorterBinder(IInvocationBinder inner, int count) : IInvocationBinder
    {
        public IReadOnlyList<Type> GetParameterTypes(string methodName) => [.. inner.GetParameterTypes(methodName).Take(count)];

        public Type GetReturnType(string invocationId) => inner.GetReturnType(invocationId);

        public Type GetStreamItemType(string streamId) => inner.GetStreamItemType(streamId);

        public string? GetTarget(ReadOnlySpan<byte> utf8Bytes) => inner.GetTarget(utf8Bytes);
    }
}
