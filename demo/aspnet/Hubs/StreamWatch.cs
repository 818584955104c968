using System.Reflection;
using System.Runtime.CompilerServices;

namespace HubshareDemo.Hubs;

/// <summary>An item stream that tells once that it has ended: by itself, by an error, or because its reader has turned away. Its items and errors are as they were.</summary>
public static class StreamWatch
{
    private static readonly MethodInfo WatchItems = typeof(StreamWatch).GetMethod(nameof(WatchAsync), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <param name="ended">Told the error that ended the stream, if it was one. Not called for a stream that nobody begins to read.</param>
    /// <returns>A stream with items of the same type, or null when the value is no stream.</returns>
    public static object? From(object? value, Action<Exception?> ended) =>
        ItemTypeOf(value) is { } item ? WatchItems.MakeGenericMethod(item).Invoke(null, [value, ended, CancellationToken.None]) : null;

    /// <summary>SignalR knows the items' type from the method's signature and casts to it, so a stream of objects would not do.</summary>
    private static Type? ItemTypeOf(object? value) => value?.GetType().GetInterfaces()
        .FirstOrDefault(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>))?.GetGenericArguments()[0];

    private static async IAsyncEnumerable<T> WatchAsync<T>(
        IAsyncEnumerable<T> source,
        Action<Exception?> ended,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            await using var items = source.GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await items.MoveNextAsync())
                    {
                        break;
                    }
                }
                catch (Exception error)
                {
                    failure = error;
                    throw;
                }

                yield return items.Current;
            }
        }
        finally
        {
            ended(failure);
        }
    }
}
